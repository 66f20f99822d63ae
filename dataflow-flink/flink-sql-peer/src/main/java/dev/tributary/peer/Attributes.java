package dev.tributary.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * {@code attributes(headers)}: a message's CloudEvents attributes as JSON, as the raw table has
 * them.
 */
public final class Attributes extends ScalarFunction {
  private static final long serialVersionUID = 1L;
  private static final JsonFactory JSON = new JsonFactory();
  private static final String PREFIX = "ce_";

  /** The JSON text; attribute names lose their prefix and are sorted. */
  public String eval(@DataTypeHint("MAP<STRING, BYTES>") Map<String, byte[]> headers)
      throws IOException {
    StringWriter text = new StringWriter(384);
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      for (Map.Entry<String, byte[]> header : new TreeMap<>(headers).entrySet()) {
        String name = header.getKey();
        json.writeStringField(
            name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name,
            new String(header.getValue(), StandardCharsets.UTF_8));
      }
      json.writeEndObject();
    }
    return text.toString();
  }
}
