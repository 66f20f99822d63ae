package dev.tributary.pipeline.bus;

import dev.tributary.pipeline.bus.BusMessage.Topic;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubIO;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubMessage;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubMessageSchemaCoder;
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

  /**
   * Names a message for ever. Dataflow drops a second one of the same id within ten minutes, before
   * the pipeline sees it; {@code Deduplicate} does so for as long as it remembers ids.
   */
  static final String ID_ATTRIBUTE = ATTRIBUTE_PREFIX + "id";

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
              PubsubIO.readMessagesWithAttributesAndMessageIdAndOrderingKey()
                  .fromSubscription(subscription)
                  .withIdAttribute(ID_ATTRIBUTE))
          .apply("Message" + step, ParDo.of(new ToMessage(topic, subscription)))
          .setCoder(new BusMessage.Coder());
    }
  }

  /** Without a timestamp attribute a message's time is when it was published. */
  static final class ToMessage extends DoFn<PubsubMessage, BusMessage> {
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
              Math.multiplyExact(publishedAt.getMillis(), 1_000L),
              key(message.getOrderingKey())));
    }
  }

  /** Pub/Sub has no null: a message without an ordering key has an empty one. */
  private static byte[] key(String orderingKey) {
    return orderingKey == null || orderingKey.isEmpty()
        ? null
        : orderingKey.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Publishes at least once, in order for each entity. On Dataflow this needs Beam's own sink,
   * which {@code DataflowDefaults} asks for: the service's knows no ordering keys.
   */
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
          .apply("Message", new ToPubsub())
          .apply("WritePubsub", PubsubIO.writeMessages().to(topic).withOrderingKey());
    }
  }

  /** Messages as Pub/Sub has them. */
  static final class ToPubsub
      extends PTransform<PCollection<OutgoingMessage>, PCollection<PubsubMessage>> {
    private static final long serialVersionUID = 1L;

    @Override
    public PCollection<PubsubMessage> expand(PCollection<OutgoingMessage> input) {
      return input
          .apply("ToPubsub", ParDo.of(new FromMessage()))
          // The coder that Beam would take by itself forgets the ordering key.
          .setCoder(PubsubMessageSchemaCoder.getSchemaCoder());
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
