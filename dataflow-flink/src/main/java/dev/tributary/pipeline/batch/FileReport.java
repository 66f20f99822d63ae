package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;

/**
 * What became of a file: docs/interfaces.md#landing-report.
 *
 * @param code why no row of it was taken, or null
 * @param message for people, without values; null where there is no code
 */
record FileReport(
    String uri, long generation, long rows, long deadLetters, String code, String message)
    implements Serializable {

  byte[] json() {
    ObjectNode report = new ObjectMapper().createObjectNode();
    report.put("input", uri);
    // As text: JSON readers with doubles would change the long ones.
    report.put("generation", Long.toString(generation));
    report.put("rows", rows);
    report.put("dead_letters", deadLetters);
    if (code == null) {
      report.putNull("error");
    } else {
      report.putObject("error").put("code", code).put("message", message);
    }
    return report.toString().getBytes(StandardCharsets.UTF_8);
  }
}
