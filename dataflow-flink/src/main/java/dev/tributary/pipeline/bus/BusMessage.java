package dev.tributary.pipeline.bus;

import dev.tributary.pipeline.DataCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A message as it came from the bus.
 *
 * @param attributes CloudEvents attributes without their prefix, and {@code content-type}
 * @param partition Kafka's; null on Pub/Sub
 * @param offset Kafka's; null on Pub/Sub
 * @param messageId Pub/Sub's; null on Kafka
 * @param publishedAt when the bus took it, in microseconds
 * @param key Kafka's message key as it came, or null; our own events do not need it, those of other
 *     producers of Debezium events may
 */
public record BusMessage(
    Topic topic,
    String topicName,
    SortedMap<String, String> attributes,
    byte[] data,
    Integer partition,
    Long offset,
    String messageId,
    long publishedAt,
    byte[] key) {

  /** A message without a key. */
  public BusMessage(
      Topic topic,
      String topicName,
      SortedMap<String, String> attributes,
      byte[] data,
      Integer partition,
      Long offset,
      String messageId,
      long publishedAt) {
    this(topic, topicName, attributes, data, partition, offset, messageId, publishedAt, null);
  }

  /** The topics read. */
  public enum Topic {
    CHANGES,
    DEAD_LETTER
  }

  /** Where the message lies, for people and for identities of what has no id of its own. */
  public SortedMap<String, Object> position() {
    SortedMap<String, Object> position = new TreeMap<>();
    position.put("topic", topicName);
    if (messageId == null) {
      position.put("partition", partition);
      position.put("offset", offset);
    } else {
      position.put("message_id", messageId);
    }
    return position;
  }

  /** Encodes messages between the source and the parser. */
  public static final class Coder extends DataCoder<BusMessage> {
    private static final long serialVersionUID = 1L;

    @Override
    protected void write(BusMessage message, DataOutputStream out) throws IOException {
      out.writeByte(message.topic.ordinal());
      writeText(message.topicName, out);
      out.writeShort(message.attributes.size());
      for (Map.Entry<String, String> attribute : message.attributes.entrySet()) {
        writeText(attribute.getKey(), out);
        writeText(attribute.getValue(), out);
      }
      writeBytes(message.data, out);
      out.writeBoolean(message.partition != null);
      if (message.partition != null) {
        out.writeInt(message.partition);
        out.writeLong(message.offset);
      }
      writeText(message.messageId, out);
      out.writeLong(message.publishedAt);
      out.writeBoolean(message.key != null);
      if (message.key != null) {
        writeBytes(message.key, out);
      }
    }

    @Override
    protected BusMessage read(DataInputStream in) throws IOException {
      Topic topic = Topic.values()[in.readByte()];
      String topicName = readText(in);
      SortedMap<String, String> attributes = new TreeMap<>();
      for (int left = in.readShort(); left > 0; left--) {
        String name = readText(in);
        attributes.put(name, readText(in));
      }
      byte[] data = readBytes(in);
      Integer partition = null;
      Long offset = null;
      if (in.readBoolean()) {
        partition = in.readInt();
        offset = in.readLong();
      }
      String messageId = readText(in);
      long publishedAt = in.readLong();
      byte[] key = in.readBoolean() ? readBytes(in) : null;
      return new BusMessage(
          topic, topicName, attributes, data, partition, offset, messageId, publishedAt, key);
    }
  }
}
