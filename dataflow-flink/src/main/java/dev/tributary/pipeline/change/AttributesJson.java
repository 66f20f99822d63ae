package dev.tributary.pipeline.change;

import dev.tributary.pipeline.packed.Bytes;
import java.util.Map;
import java.util.SortedMap;

/** Attributes as the JSON object that the raw table holds. */
final class AttributesJson {
  private final Bytes out = new Bytes(512);

  /**
   * The object; or null where a name or a value needs escaping, which is for a JSON library to do.
   */
  byte[] of(SortedMap<String, String> attributes) {
    out.truncate(0).putByte('{');
    for (Map.Entry<String, String> attribute : attributes.entrySet()) {
      if (out.size() > 1) {
        out.putByte(',');
      }
      boolean plain = put(attribute.getKey());
      out.putByte(':');
      if (!plain || !put(attribute.getValue())) {
        return null;
      }
    }
    return out.putByte('}').copy();
  }

  private boolean put(String text) {
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      if (character < ' ' || character >= 0x7f || character == '"' || character == '\\') {
        return false;
      }
    }
    out.putByte('"').putAscii(text).putByte('"');
    return true;
  }
}
