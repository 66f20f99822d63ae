package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.POJONode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.Base64;

/**
 * The values of a file's cells: JSON's, and beside them times, which typed files have, and bytes.
 */
final class Cells {
  private Cells() {}

  static JsonNode of(Instant time) {
    return new POJONode(time);
  }

  static JsonNode of(LocalDateTime time) {
    return new POJONode(time);
  }

  static boolean isInstant(JsonNode cell) {
    return cell instanceof POJONode time && time.getPojo() instanceof Instant;
  }

  static boolean isLocalTime(JsonNode cell) {
    return cell instanceof POJONode time && time.getPojo() instanceof LocalDateTime;
  }

  static LocalDateTime localTime(JsonNode cell) {
    return (LocalDateTime) ((POJONode) cell).getPojo();
  }

  /** The cell as text: numbers without exponent, times in ISO 8601, bytes in base64. */
  static String text(JsonNode cell) {
    if (cell.isTextual()) {
      return cell.textValue();
    }
    if (cell instanceof POJONode time) {
      return time.getPojo().toString();
    }
    if (cell.isBigDecimal()) {
      return cell.decimalValue().toPlainString();
    }
    if (cell.isBinary()) {
      return Base64.getEncoder().encodeToString(bytes(cell));
    }
    return cell.isValueNode() ? cell.asText() : cell.toString();
  }

  /** The cell as JSON can write it. */
  static JsonNode writable(JsonNode cell) {
    return cell.isPojo() ? TextNode.valueOf(text(cell)) : cell;
  }

  private static byte[] bytes(JsonNode cell) {
    try {
      return cell.binaryValue();
    } catch (java.io.IOException e) {
      throw new IllegalStateException("a binary cell has its bytes", e);
    }
  }
}
