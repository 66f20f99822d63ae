package dev.tributary.engine;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the environment says, and what Debezium makes of it. */
record Settings(
    String host,
    int port,
    String user,
    String password,
    String database,
    URI bridge,
    String slot,
    String publication,
    int heartbeatMs,
    String offsetsTable,
    String tableIncludeList,
    int healthPort) {

  /**
   * Part of every event id (docs/interfaces.md#bus): another prefix gives every event another id.
   */
  private static final String TOPIC_PREFIX = "app";

  /**
   * https://www.postgresql.org/docs/current/warm-standby.html#STREAMING-REPLICATION-SLOTS-MANIPULATION
   */
  private static final Pattern SLOT = Pattern.compile("[a-z0-9_]{1,63}");

  /** Names that go into SQL text and are not quoted there. */
  private static final Pattern IDENTIFIER = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

  private static final Pattern TABLE = Pattern.compile(IDENTIFIER + "\\." + IDENTIFIER);

  /** Marks the heartbeat's messages in the WAL, so that they are not taken for an application's. */
  private static final String HEARTBEAT_MESSAGE_PREFIX = "tributary.heartbeat";

  /**
   * Reads the environment.
   *
   * @throws UserError naming the variable that is missing or wrong
   */
  static Settings from(Map<String, String> env) {
    Reader read = new Reader(env);
    return new Settings(
        read.required("PGHOST", "the application database's host"),
        read.integer("PGPORT", "5432"),
        read.required("PGUSER", "the application database's user"),
        read.required("PGPASSWORD", "the application database's password"),
        read.optional("PGDATABASE", "app"),
        read.uri("BRIDGE_URL", "where batches go, for example http://127.0.0.1:8080/batches"),
        read.matching("SLOT_NAME", "tributary", SLOT),
        read.matching("PUBLICATION", "tributary", IDENTIFIER),
        read.integer("HEARTBEAT_MS", "1000"),
        read.matching("OFFSETS_TABLE", "shop.debezium_offsets", TABLE),
        read.optional("TABLE_INCLUDE_LIST", ""),
        read.integer("HEALTH_PORT", "0"));
  }

  String jdbcUrl() {
    return "jdbc:postgresql://" + host + ":" + port + "/" + database;
  }

  /**
   * Debezium's configuration.
   *
   * @param tables the tables to follow, as {@code schema.table}
   */
  Properties debezium(List<String> tables) {
    Properties p = new Properties();
    p.setProperty("name", "tributary");
    p.setProperty("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    source(p, tables);
    values(p);
    positions(p);
    pace(p);
    return p;
  }

  private void source(Properties p, List<String> tables) {
    p.setProperty("topic.prefix", TOPIC_PREFIX);
    p.setProperty("database.hostname", host);
    p.setProperty("database.port", Integer.toString(port));
    p.setProperty("database.user", user);
    p.setProperty("database.password", password);
    p.setProperty("database.dbname", database);
    p.setProperty("plugin.name", "pgoutput");
    p.setProperty("publication.name", publication);
    p.setProperty("publication.autocreate.mode", "disabled");
    p.setProperty("slot.name", slot);
    // After kill -9 the old connection may hold the slot for a moment: try again soon, and for half
    // a minute.
    p.setProperty("slot.retry.delay.ms", "500");
    p.setProperty("slot.max.retries", "60");
    p.setProperty(
        "table.include.list",
        tableIncludeList.isEmpty()
            ? tables.stream().map(Pattern::quote).collect(Collectors.joining(","))
            : tableIncludeList);
    p.setProperty("snapshot.mode", "initial");
    // Truncates are skipped unless one asks for them.
    p.setProperty("skipped.operations", "none");
    p.setProperty("tombstones.on.delete", "false");
    p.setProperty("provide.transaction.metadata", "false");
    p.setProperty("message.prefix.exclude.list", Pattern.quote(HEARTBEAT_MESSAGE_PREFIX));
  }

  /**
   * Every value arrives exact, in a form that says itself what it is: the bridge sees no schema.
   */
  private void values(Properties p) {
    p.setProperty("key.converter.schemas.enable", "false");
    p.setProperty("value.converter.schemas.enable", "false");
    p.setProperty("decimal.handling.mode", "string");
    p.setProperty("time.precision.mode", "isostring");
    // JSON carries bytes as base64; the mode named base64 turns an unchanged TOAST value into null
    // (seen with 3.6.3).
    p.setProperty("binary.handling.mode", "bytes");
    p.setProperty("hstore.handling.mode", "json");
    p.setProperty("interval.handling.mode", "string");
    p.setProperty("converters", "exact");
    p.setProperty("exact.type", ExactColumns.class.getName());
    p.setProperty("schema.refresh.mode", "columns_diff");
    // The default replaces what it cannot convert by null and goes on.
    p.setProperty("event.converting.failure.handling.mode", "fail");
    p.setProperty("event.processing.failure.handling.mode", "fail");
  }

  /**
   * Where the engine stands is kept in the source database, so that it outlives the instance and
   * its disk.
   */
  private void positions(Properties p) {
    p.setProperty("offset.storage", "io.debezium.storage.jdbc.offset.JdbcOffsetBackingStore");
    p.setProperty("offset.storage.jdbc.connection.url", jdbcUrl());
    p.setProperty("offset.storage.jdbc.connection.user", user);
    p.setProperty("offset.storage.jdbc.connection.password", password);
    p.setProperty("offset.storage.jdbc.table.name", offsetsTable);
    // The store looks for the table by its bare name and so never finds one in a schema.
    p.setProperty(
        "offset.storage.jdbc.table.ddl",
        "CREATE TABLE IF NOT EXISTS %s (id text PRIMARY KEY, offset_key text, offset_val text,"
            + " record_insert_ts timestamp NOT NULL, record_insert_seq integer NOT NULL)");
    p.setProperty("offset.flush.interval.ms", Integer.toString(heartbeatMs));
    p.setProperty("lsn.flush.mode", "connector");
    p.setProperty("heartbeat.interval.ms", Integer.toString(heartbeatMs));
    // The message moves the slot also where the heartbeat's table is not in the publication. It is
    // transactional because it must not
    // overtake an open transaction: a position after the message would then lie after some of that
    // transaction's changes.
    p.setProperty(
        "heartbeat.action.query",
        "WITH beat AS (INSERT INTO shop.heartbeat (id, ts) VALUES (1, now())"
            + " ON CONFLICT (id) DO UPDATE SET ts = excluded.ts)"
            + " SELECT pg_logical_emit_message(true, '"
            + HEARTBEAT_MESSAGE_PREFIX
            + "', '')");
  }

  private void pace(Properties p) {
    p.setProperty("max.batch.size", "2048");
    p.setProperty("max.queue.size", "8192");
    // Rows may be large; the heap is small.
    p.setProperty("max.queue.size.in.bytes", Integer.toString(32 * 1024 * 1024));
    p.setProperty("poll.interval.ms", "20");
    p.setProperty("status.update.interval.ms", "1000");
    p.setProperty("snapshot.fetch.size", "2048");
    // Crash only: whoever watches this process starts it again from the stored position.
    p.setProperty("errors.max.retries", "0");
  }

  /** Reads variables; an empty one counts as absent. */
  private record Reader(Map<String, String> env) {
    String optional(String name, String otherwise) {
      String value = env.get(name);
      return value == null || value.isEmpty() ? otherwise : value;
    }

    String required(String name, String purpose) {
      String value = optional(name, "");
      if (value.isEmpty()) {
        throw new UserError(name + " is missing; it is " + purpose + ".");
      }
      return value;
    }

    String matching(String name, String otherwise, Pattern pattern) {
      String value = optional(name, otherwise);
      if (!pattern.matcher(value).matches()) {
        throw new UserError(
            name + " is \"" + value + "\"; it must match " + pattern + ". Example: " + otherwise);
      }
      return value;
    }

    int integer(String name, String otherwise) {
      String value = optional(name, otherwise);
      try {
        int number = Integer.parseInt(value);
        if (number >= 0) {
          return number;
        }
      } catch (NumberFormatException e) {
        // Told below.
      }
      throw new UserError(
          name + " is \"" + value + "\"; set a whole number. Example: " + otherwise);
    }

    URI uri(String name, String purpose) {
      String value = required(name, purpose);
      try {
        return URI.create(value);
      } catch (IllegalArgumentException e) {
        throw new UserError(name + " is \"" + value + "\"; it is " + purpose + ".");
      }
    }
  }
}
