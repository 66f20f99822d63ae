package dev.tributary.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Logs as the other processes do: one JSON object a line, on standard error, and never a row's values.
 *
 * <p>Debezium keeps whole records at TRACE, but some warnings quote a value or carry an exception that does. The former are silenced by
 * logger; of the latter only what {@link Reasons} tells is written.
 */
final class Logs {
  /** Loggers whose warnings and errors quote values; a value that cannot be converted ends the engine anyway, with table and column. */
  private static final List<String> QUOTING =
      List.of(
          "io.debezium.connector.postgresql.connection.AbstractColumnValue",
          "io.debezium.connector.postgresql.connection.DateTimeFormat",
          "io.debezium.connector.postgresql.PostgresChangeRecordEmitter",
          "io.debezium.connector.postgresql.PostgresDefaultValueConverter",
          "io.debezium.relational.TableSchemaBuilder",
          "io.debezium.util.Loggings");

  /** Loggers that print the whole configuration or repeat the end that Main tells. */
  private static final List<String> NOISY =
      List.of("org.apache.kafka", "io.debezium.embedded.async.AsyncEmbeddedEngine", "io.debezium.pipeline.ErrorHandler");

  /** JUL forgets the level of a logger that nobody holds. */
  private static final List<Logger> HELD =
      java.util.stream.Stream.concat(QUOTING.stream(), NOISY.stream()).map(Logger::getLogger).toList();

  private Logs() {}

  static void install() {
    LogManager.getLogManager().reset();
    Handler handler = new ConsoleHandler();
    handler.setFormatter(new JsonLine());
    Logger root = Logger.getLogger("");
    root.setLevel(Level.WARNING);
    root.addHandler(handler);
    HELD.forEach(logger -> logger.setLevel(Level.OFF));
    // Parent of every class here.
    OWN.setLevel(Level.INFO);
  }

  private static final Logger OWN = Logger.getLogger(Logs.class.getPackageName());

  private static final class JsonLine extends Formatter {
    private final ObjectMapper json = new ObjectMapper();

    @Override
    public String format(LogRecord record) {
      Map<String, String> line = new LinkedHashMap<>();
      line.put("severity", severity(record.getLevel()));
      line.put("time", record.getInstant().toString());
      line.put("component", "debezium-engine");
      line.put("logger", record.getLoggerName());
      String message = formatMessage(record);
      if (record.getThrown() != null) {
        message += ": " + Reasons.of(record.getThrown());
      }
      line.put("message", message);
      try {
        return json.writeValueAsString(line) + "\n";
      } catch (JsonProcessingException e) {
        throw new IllegalStateException(e);
      }
    }

    /** https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
    private static String severity(Level level) {
      if (level.intValue() >= Level.SEVERE.intValue()) {
        return "ERROR";
      }
      return level.intValue() >= Level.WARNING.intValue() ? "WARNING" : "INFO";
    }
  }
}
