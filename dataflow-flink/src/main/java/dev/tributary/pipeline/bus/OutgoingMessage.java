package dev.tributary.pipeline.bus;

import dev.tributary.pipeline.DataCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A message to publish.
 *
 * @param attributes CloudEvents attributes without prefix
 * @param data JSON
 */
public record OutgoingMessage(
    String orderingKey, SortedMap<String, String> attributes, byte[] data) {

  /** Encodes messages on their way to the bus. */
  public static final class Coder extends DataCoder<OutgoingMessage> {
    private static final long serialVersionUID = 1L;

    @Override
    protected void write(OutgoingMessage message, DataOutputStream out) throws IOException {
      writeText(message.orderingKey, out);
      out.writeShort(message.attributes.size());
      for (Map.Entry<String, String> attribute : message.attributes.entrySet()) {
        writeText(attribute.getKey(), out);
        writeText(attribute.getValue(), out);
      }
      writeBytes(message.data, out);
    }

    @Override
    protected OutgoingMessage read(DataInputStream in) throws IOException {
      String orderingKey = readText(in);
      SortedMap<String, String> attributes = new TreeMap<>();
      for (int left = in.readShort(); left > 0; left--) {
        String name = readText(in);
        attributes.put(name, readText(in));
      }
      return new OutgoingMessage(orderingKey, attributes, readBytes(in));
    }
  }
}
