package dev.tributary.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Logs as the other processes do: one JSON object a line, on standard error, and never a row's
 * values.
 *
 * <p>Debezium keeps whole records at TRACE, but some warnings quote a value or carry an exception
 * that does. Of the former only the logger is written; of the latter what {@link Reasons} tells.
 */
final class Logs {
  /** Loggers whose warnings quote values: that they warned is told, but not what. */
  private static final Set<String> QUOTING =
      Set.of(
          "io.debezium.connector.postgresql.connection.AbstractColumnValue",
          "io.debezium.connector.postgresql.connection.DateTimeFormat",
          "io.debezium.connector.postgresql.PostgresChangeRecordEmitter",
          "io.debezium.connector.postgresql.PostgresDefaultValueConverter",
          "io.debezium.connector.postgresql.PostgresValueConverter",
          "io.debezium.jdbc.JdbcValueConverters",
          "io.debezium.relational.TableSchemaBuilder",
          "io.debezium.util.Loggings");

  /**
   * Loggers that print the whole configuration, or the end that Main tells. JUL forgets the level
   * of a logger that nobody holds.
   */
  private static final List<Logger> SILENT =
      Stream.of(
              "org.apache.kafka",
              "io.debezium.embedded.async.AsyncEmbeddedEngine",
              "io.debezium.pipeline.ErrorHandler")
          .map(Logger::getLogger)
          .toList();

  /** Parent of the loggers of every class here. */
  private static final Logger OWN = Logger.getLogger(Logs.class.getPackageName());

  private Logs() {}

  static void install() {
    LogManager.getLogManager().reset();
    Handler handler = new ConsoleHandler();
    handler.setFormatter(new JsonLine());
    Logger root = Logger.getLogger("");
    root.setLevel(Level.WARNING);
    root.addHandler(handler);
    SILENT.forEach(logger -> logger.setLevel(Level.OFF));
    OWN.setLevel(Level.INFO);
  }

  private static final class JsonLine extends Formatter {
    private final ObjectMapper json = new ObjectMapper();

    @Override
    public String format(LogRecord record) {
      Map<String, String> line = new LinkedHashMap<>();
      line.put("severity", severity(record.getLevel()));
      line.put("time", record.getInstant().toString());
      line.put("component", "debezium-engine");
      line.put("logger", record.getLoggerName());
      line.put("message", message(record));
      try {
        return json.writeValueAsString(line) + "\n";
      } catch (JsonProcessingException e) {
        throw new IllegalStateException(e);
      }
    }

    private String message(LogRecord record) {
      if (QUOTING.contains(record.getLoggerName())) {
        return "Debezium met a value that it could not handle; its words are withheld because they"
            + " quote it";
      }
      Throwable thrown = record.getThrown();
      return formatMessage(record) + (thrown == null ? "" : ": " + Reasons.of(thrown));
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
