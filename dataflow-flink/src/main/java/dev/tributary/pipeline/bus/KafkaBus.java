package dev.tributary.pipeline.bus;

import dev.tributary.pipeline.bus.BusMessage.Topic;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.NullableCoder;
import org.apache.beam.sdk.io.kafka.KafkaIO;
import org.apache.beam.sdk.io.kafka.KafkaRecord;
import org.apache.beam.sdk.io.kafka.ProducerRecordCoder;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PDone;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The bus on Kafka: docs/interfaces.md#bus. */
public final class KafkaBus {
  /**
   * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md#32-binary-content-mode
   */
  private static final String ATTRIBUTE_PREFIX = "ce_";

  private static final String CONTENT_TYPE = "content-type";

  /** Those that nearly every message has, by header, so that no text is made for their names. */
  private static final Map<String, String> ATTRIBUTE_NAMES =
      Stream.of("specversion", "id", "type", "source", "subject", "time", "traceparent")
          .collect(Collectors.toUnmodifiableMap(name -> ATTRIBUTE_PREFIX + name, name -> name));

  /** The same the other way round. */
  private static final Map<String, String> HEADER_NAMES =
      ATTRIBUTE_NAMES.entrySet().stream()
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getValue, Map.Entry::getKey));

  private KafkaBus() {}

  /** Reads changes and dead letters. */
  public static final class Read extends PTransform<PBegin, PCollection<BusMessage>> {
    private static final long serialVersionUID = 1L;

    private final String bootstrap;
    private final String topicPrefix;
    private final String consumerGroup;

    public Read(String bootstrap, String topicPrefix, String consumerGroup) {
      this.bootstrap = bootstrap;
      this.topicPrefix = topicPrefix;
      this.consumerGroup = consumerGroup;
    }

    @Override
    public PCollection<BusMessage> expand(PBegin input) {
      String deadLetters = topicPrefix + "dead-letter";
      // Offsets live in checkpoints alone. Were they committed to Kafka as well, a job started
      // without
      // its checkpoint would skip rows that only the lost state held; so it starts from the
      // beginning,
      // and what comes twice is dropped downstream by its id.
      return input
          .apply(
              "ReadKafka",
              KafkaIO.<byte[], byte[]>read()
                  .withBootstrapServers(bootstrap)
                  .withTopics(List.of(topicPrefix + "changes", deadLetters))
                  .withKeyDeserializerAndCoder(
                      ByteArrayDeserializer.class, NullableCoder.of(ByteArrayCoder.of()))
                  .withValueDeserializerAndCoder(
                      ByteArrayDeserializer.class, NullableCoder.of(ByteArrayCoder.of()))
                  .withConsumerConfigUpdates(
                      Map.of(
                          "group.id",
                          consumerGroup,
                          "auto.offset.reset",
                          "earliest",
                          "enable.auto.commit",
                          false,
                          // Fewer, larger answers while catching up; they cost nothing when idle.
                          "max.poll.records",
                          2_000,
                          "max.partition.fetch.bytes",
                          4 << 20,
                          "receive.buffer.bytes",
                          1 << 20))
                  .withTimestampPolicyFactory(PublishTimePolicy.factory()))
          .apply("Message", ParDo.of(new ToMessage(deadLetters)))
          .setCoder(new BusMessage.Coder());
    }
  }

  private static final class ToMessage extends DoFn<KafkaRecord<byte[], byte[]>, BusMessage> {
    private static final long serialVersionUID = 1L;

    private final String deadLetters;

    ToMessage(String deadLetters) {
      this.deadLetters = deadLetters;
    }

    @ProcessElement
    public void process(
        @Element KafkaRecord<byte[], byte[]> record, OutputReceiver<BusMessage> output) {
      byte[] value = record.getKV().getValue();
      output.output(
          new BusMessage(
              record.getTopic().equals(deadLetters) ? Topic.DEAD_LETTER : Topic.CHANGES,
              record.getTopic(),
              attributes(record.getHeaders()),
              // A tombstone, as other producers of Debezium events write them.
              value == null ? new byte[0] : value,
              record.getPartition(),
              record.getOffset(),
              null,
              Math.multiplyExact(record.getTimestamp(), 1_000L),
              record.getKV().getKey()));
    }

    private static SortedMap<String, String> attributes(Iterable<Header> headers) {
      SortedMap<String, String> attributes = new TreeMap<>();
      for (Header header : headers) {
        String name = header.key();
        if (header.value() == null) {
          continue;
        }
        String value = new String(header.value(), StandardCharsets.UTF_8);
        String attribute = ATTRIBUTE_NAMES.get(name);
        if (attribute != null) {
          attributes.put(attribute, value);
        } else if (name.startsWith(ATTRIBUTE_PREFIX)) {
          attributes.put(name.substring(ATTRIBUTE_PREFIX.length()), value);
        } else if (name.equals(CONTENT_TYPE)) {
          attributes.put(name, value);
        }
      }
      return attributes;
    }
  }

  /** Publishes at least once: everything sent is acknowledged before a checkpoint completes. */
  public static final class Write extends PTransform<PCollection<OutgoingMessage>, PDone> {
    private static final long serialVersionUID = 1L;

    private final String bootstrap;
    private final String topic;

    public Write(String bootstrap, String topic) {
      this.bootstrap = bootstrap;
      this.topic = topic;
    }

    @Override
    public PDone expand(PCollection<OutgoingMessage> input) {
      return input
          .apply("Record", ParDo.of(new ToRecord(topic)))
          .setCoder(ProducerRecordCoder.of(ByteArrayCoder.of(), ByteArrayCoder.of()))
          .apply(
              "WriteKafka",
              KafkaIO.<byte[], byte[]>writeRecords()
                  .withBootstrapServers(bootstrap)
                  .withKeySerializer(ByteArraySerializer.class)
                  .withValueSerializer(ByteArraySerializer.class)
                  .withProducerConfigUpdates(
                      Map.of("acks", "all", "linger.ms", 2, "batch.size", 128 << 10)));
    }
  }

  private static final class ToRecord
      extends DoFn<OutgoingMessage, ProducerRecord<byte[], byte[]>> {
    private static final long serialVersionUID = 1L;

    private final String topic;

    ToRecord(String topic) {
      this.topic = topic;
    }

    @ProcessElement
    public void process(
        @Element OutgoingMessage message, OutputReceiver<ProducerRecord<byte[], byte[]>> output) {
      RecordHeaders headers = new RecordHeaders();
      headers.add(CONTENT_TYPE, bytes("application/json"));
      message.attributes().forEach((name, value) -> headers.add(headerName(name), bytes(value)));
      output.output(
          new ProducerRecord<>(
              topic, null, null, bytes(message.orderingKey()), message.data(), headers));
    }

    private static String headerName(String attribute) {
      String name = HEADER_NAMES.get(attribute);
      return name == null ? ATTRIBUTE_PREFIX + attribute : name;
    }

    private static byte[] bytes(String text) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
  }
}
