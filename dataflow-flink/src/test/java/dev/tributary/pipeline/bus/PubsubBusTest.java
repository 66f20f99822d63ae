package dev.tributary.pipeline.bus;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;

import dev.tributary.pipeline.bus.BusMessage.Topic;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubIO;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubMessage;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubMessageWithAttributesAndMessageIdAndOrderingKeyCoder;
import org.apache.beam.sdk.runners.TransformHierarchy;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TimestampedValue;
import org.joda.time.Instant;
import org.junit.Rule;
import org.junit.Test;

public class PubsubBusTest {
  private static final String SUBSCRIPTION = "projects/demo-project/subscriptions/changes";
  private static final Instant PUBLISHED = Instant.parse("2026-11-21T05:20:00.123Z");

  @Rule
  public final transient TestPipeline pipeline =
      TestPipeline.create().enableAbandonedNodeEnforcement(false);

  @Test
  public void aMessageKeepsItsAttributesItsKeyAndWhenItWasPublished() {
    PubsubMessage message =
        new PubsubMessage(
            bytes("{}"),
            Map.of(
                "ce-id",
                "e1",
                "ce-traceparent",
                "00-1",
                "content-type",
                "application/json",
                "googclient_schemaid",
                "not ours"),
            "m-1",
            "orders:{\"order_id\":\"1\"}");
    PAssert.thatSingleton(read(message))
        .satisfies(
            read -> {
              assertEquals(Topic.CHANGES, read.topic());
              assertEquals(SUBSCRIPTION, read.topicName());
              assertEquals(
                  new TreeMap<>(
                      Map.of(
                          "id", "e1", "traceparent", "00-1", "content-type", "application/json")),
                  read.attributes());
              assertArrayEquals(bytes("{}"), read.data());
              assertArrayEquals(bytes("orders:{\"order_id\":\"1\"}"), read.key());
              assertEquals(
                  Map.of("topic", SUBSCRIPTION, "message_id", "m-1"), Map.copyOf(read.position()));
              assertEquals(PUBLISHED.getMillis() * 1_000, read.publishedAt());
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  public void aMessageWithoutAttributesOrKeyIsStillOne() {
    PAssert.thatSingleton(read(new PubsubMessage(bytes("x"), Map.of(), "m-2", "")))
        .satisfies(
            read -> {
              assertEquals(Map.of(), read.attributes());
              assertEquals(null, read.key());
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  public void bothSubscriptionsAreReadOnceForEachEventId() {
    Pipeline graph = Pipeline.create();
    graph.apply("Bus", new PubsubBus.Read(SUBSCRIPTION, SUBSCRIPTION + "-dead"));
    Map<String, String> idAttributes = new TreeMap<>();
    graph.traverseTopologically(
        new Pipeline.PipelineVisitor.Defaults() {
          @Override
          public CompositeBehavior enterCompositeTransform(TransformHierarchy.Node node) {
            if (node.getTransform() instanceof PubsubIO.Read<?> source) {
              DisplayData.from(source)
                  .items()
                  .forEach(
                      item -> {
                        if (item.getKey().equals("idAttribute")) {
                          idAttributes.put(node.getFullName(), (String) item.getValue());
                        }
                      });
            }
            return CompositeBehavior.ENTER_TRANSFORM;
          }
        });
    assertEquals(Map.of("Bus/ReadChanges", "ce-id", "Bus/ReadDeadLetters", "ce-id"), idAttributes);
  }

  @Test
  public void aFeatureRowIsPublishedUnderItsOrderingKeyWhereverItsMessageTravels() {
    OutgoingMessage row =
        new OutgoingMessage("customer_activity:7", new TreeMap<>(Map.of("id", "e1")), bytes("{}"));
    PCollection<PubsubMessage> messages =
        pipeline
            .apply(Create.of(List.of(row)).withCoder(new OutgoingMessage.Coder()))
            .apply(new PubsubBus.ToPubsub());
    Coder<PubsubMessage> coder = messages.getCoder();
    PAssert.thatSingleton(messages)
        .satisfies(
            message -> {
              PubsubMessage travelled = copy(coder, message);
              assertEquals("customer_activity:7", travelled.getOrderingKey());
              assertEquals(
                  Map.of("ce-id", "e1", "content-type", "application/json"),
                  travelled.getAttributeMap());
              assertArrayEquals(bytes("{}"), travelled.getPayload());
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  private PCollection<BusMessage> read(PubsubMessage message) {
    return pipeline
        .apply(
            Create.timestamped(TimestampedValue.of(message, PUBLISHED))
                .withCoder(PubsubMessageWithAttributesAndMessageIdAndOrderingKeyCoder.of()))
        .apply(ParDo.of(new PubsubBus.ToMessage(Topic.CHANGES, SUBSCRIPTION)))
        .setCoder(new BusMessage.Coder());
  }

  private static PubsubMessage copy(Coder<PubsubMessage> coder, PubsubMessage message) {
    try {
      return CoderUtils.clone(coder, message);
    } catch (CoderException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
