package dev.tributary.engine;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** The database before the engine starts: what is to be followed, and whether it still can be. */
final class Source {
  private static final String CONNECT_TIMEOUT_SECONDS = "10";

  private Source() {}

  /**
   * The tables of the publication, as {@code schema.table}.
   *
   * @throws UserError when there is nothing to follow, or when changes since the stored position
   *     are gone for good
   */
  static List<String> tables(Settings settings) throws SQLException {
    Properties login = new Properties();
    login.setProperty("user", settings.user());
    login.setProperty("password", settings.password());
    login.setProperty("connectTimeout", CONNECT_TIMEOUT_SECONDS);
    login.setProperty("socketTimeout", CONNECT_TIMEOUT_SECONDS);
    try (Connection connection = DriverManager.getConnection(settings.jdbcUrl(), login)) {
      refuseWithoutLogicalWal(connection);
      refuseLostPosition(connection, settings);
      return published(connection, settings);
    }
  }

  private static void refuseWithoutLogicalWal(Connection connection) throws SQLException {
    if (!query(connection, "SHOW wal_level").get(0).equals("logical")) {
      throw new UserError(
          "The database's wal_level is not logical; set wal_level=logical and restart it.");
    }
  }

  /** Debezium would make a new slot and go on from now, and nobody would know what was missed. */
  private static void refuseLostPosition(Connection connection, Settings settings)
      throws SQLException {
    if (query(connection, "SELECT to_regclass(?)::text", settings.offsetsTable()).get(0) == null
        || query(connection, "SELECT id FROM " + settings.offsetsTable() + " LIMIT 1").isEmpty()) {
      return;
    }
    String usable =
        "SELECT slot_name FROM pg_replication_slots WHERE slot_name = ? AND wal_status IS DISTINCT"
            + " FROM 'lost'";
    if (query(connection, usable, settings.slot()).isEmpty()) {
      throw new UserError(
          ("Replication slot \"%1$s\" is gone or lost its WAL (max_slot_wal_keep_size), but %2$s"
                  + " holds a position: changes in between cannot be read. To start again with a"
                  + " snapshot of every row: drop the slot if it is there, and DELETE FROM %2$s.")
              .formatted(settings.slot(), settings.offsetsTable()));
    }
  }

  private static List<String> published(Connection connection, Settings settings)
      throws SQLException {
    List<String> tables =
        query(
            connection,
            "SELECT schemaname || '.' || tablename FROM pg_publication_tables WHERE pubname = ?"
                + " ORDER BY 1",
            settings.publication());
    tables.remove(settings.offsetsTable());
    if (tables.isEmpty()) {
      throw new UserError(
          ("Publication \"%s\" of database \"%s\" has no tables;"
                  + " run the migrations, or set PUBLICATION.")
              .formatted(settings.publication(), settings.database()));
    }
    return tables;
  }

  private static List<String> query(Connection connection, String sql, String... parameters)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setString(i + 1, parameters[i]);
      }
      List<String> values = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          values.add(rows.getString(1));
        }
      }
      return values;
    }
  }
}
