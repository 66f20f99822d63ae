package dev.tributary.pipeline.bus;

import dev.tributary.pipeline.bus.BusMessage.Topic;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubIO;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubMessage;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.PDone;
import org.joda.time.Instant;

/** The bus on Pub/Sub: docs/interfaces.md#bus. */
public final class PubsubBus {
  private static final String ATTRIBUTE_PREFIX = "ce-";
  private static final String CONTENT_TYPE = "content-type";

  private PubsubBus() {}

  /** Reads changes and dead letters. */
  public static final class Read extends PTransform<PBegin, PCollection<BusMessage>> {
    private static final long serialVersionUID = 1L;

    private final String changesSubscription;
    private final String deadLetterSubscription;

    /** Takes full names: {@code projects/<project>/subscriptions/<name>}. */
    public Read(String changesSubscription, String deadLetterSubscription) {
      this.changesSubscription = changesSubscription;
      this.deadLetterSubscription = deadLetterSubscription;
    }

    @Override
    public PCollection<BusMessage> expand(PBegin input) {
      return PCollectionList.of(read(input, Topic.CHANGES, changesSubscription))
          .and(read(input, Topic.DEAD_LETTER, deadLetterSubscription))
          .apply("Both", Flatten.pCollections());
    }

    private static PCollection<BusMessage> read(PBegin input, Topic topic, String subscription) {
      String step = topic == Topic.CHANGES ? "Changes" : "DeadLetters";
      return input
          .apply(
              "Read" + step,
              PubsubIO.readMessagesWithAttributesAndMessageId().fromSubscription(subscription))
          .apply("Message" + step, ParDo.of(new ToMessage(topic, subscription)))
          .setCoder(new BusMessage.Coder());
    }
  }

  private static final class ToMessage extends DoFn<PubsubMessage, BusMessage> {
    private static final long serialVersionUID = 1L;

    private final Topic topic;
    private final String subscription;

    ToMessage(Topic topic, String subscription) {
      this.topic = topic;
      this.subscription = subscription;
    }

    @ProcessElement
    public void process(
        @Element PubsubMessage message,
        // Without a timestamp attribute this is the publish time.
        @Timestamp Instant publishedAt,
        OutputReceiver<BusMessage> output) {
      SortedMap<String, String> attributes = new TreeMap<>();
      Map<String, String> all = message.getAttributeMap();
      if (all != null) {
        all.forEach(
            (name, value) -> {
              if (name.startsWith(ATTRIBUTE_PREFIX)) {
                attributes.put(name.substring(ATTRIBUTE_PREFIX.length()), value);
              } else if (name.equals(CONTENT_TYPE)) {
                attributes.put(name, value);
              }
            });
      }
      output.output(
          new BusMessage(
              topic,
              subscription,
              attributes,
              message.getPayload(),
              null,
              null,
              message.getMessageId(),
              Math.multiplyExact(publishedAt.getMillis(), 1_000L)));
    }
  }

  /** Publishes at least once, in order for each entity. */
  public static final class Write extends PTransform<PCollection<OutgoingMessage>, PDone> {
    private static final long serialVersionUID = 1L;

    private final String topic;

    /** Takes a full name: {@code projects/<project>/topics/<name>}. */
    public Write(String topic) {
      this.topic = topic;
    }

    @Override
    public PDone expand(PCollection<OutgoingMessage> input) {
      return input
          .apply("Message", ParDo.of(new FromMessage()))
          .apply("WritePubsub", PubsubIO.writeMessages().to(topic).withOrderingKey());
    }
  }

  private static final class FromMessage extends DoFn<OutgoingMessage, PubsubMessage> {
    private static final long serialVersionUID = 1L;

    @ProcessElement
    public void process(@Element OutgoingMessage message, OutputReceiver<PubsubMessage> output) {
      Map<String, String> attributes = new HashMap<>();
      message.attributes().forEach((name, value) -> attributes.put(ATTRIBUTE_PREFIX + name, value));
      attributes.put(CONTENT_TYPE, "application/json");
      output.output(new PubsubMessage(message.data(), attributes, null, message.orderingKey()));
    }
  }
}
