package dev.tributary.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Tells in one line why something failed, without what might be a row's values. */
final class Reasons {
  private static final int MAX_CAUSES = 6;

  /**
   * SQLSTATE classes whose messages repeat values: data exception, integrity constraint violation.
   */
  private static final Set<String> CLASSES_WITH_VALUES = Set.of("22", "23");

  private Reasons() {}

  static String of(Throwable error) {
    List<String> reasons = new ArrayList<>();
    for (Throwable e = error; e != null && reasons.size() < MAX_CAUSES; e = e.getCause()) {
      reasons.add(one(e));
    }
    return String.join(", because ", reasons);
  }

  private static String one(Throwable e) {
    if (e instanceof UserError) {
      return e.getMessage();
    }
    String name = e.getClass().getSimpleName();
    if (e instanceof PSQLException sql) {
      return name + " " + sql.getSQLState() + told(sqlMessage(sql));
    }
    // Debezium, Kafka Connect and the JDK's network classes name tables, positions and addresses.
    // Others, such as parsers, quote what they were given.
    String origin = e.getClass().getName();
    boolean trusted =
        origin.startsWith("io.debezium.")
            || origin.startsWith("org.apache.kafka.connect.errors.")
            || origin.startsWith("java.net.")
            || origin.startsWith("java.io.")
            || origin.startsWith("java.nio.");
    // An exception made from its cause alone repeats the cause's message.
    boolean repeats = e.getCause() != null && e.getCause().toString().equals(e.getMessage());
    return name + (trusted && !repeats ? told(e.getMessage()) : "");
  }

  private static String sqlMessage(PSQLException sql) {
    String state = sql.getSQLState();
    if (state != null
        && state.length() == 5
        && CLASSES_WITH_VALUES.contains(state.substring(0, 2))) {
      return null;
    }
    // The server's message without its DETAIL, which quotes rows.
    ServerErrorMessage server = sql.getServerErrorMessage();
    return server == null ? sql.getMessage() : server.getMessage();
  }

  private static String told(String message) {
    return message == null ? "" : " (" + message.lines().findFirst().orElse("") + ")";
  }
}
