package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.contract.Timestamps;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where and when a change was made, from the {@code source} of its envelope.
 *
 * @param server Debezium's topic.prefix
 * @param schema Postgres' schema; of MySQL, the database
 * @param text the position's part of the event id: the LSN, or {@code <file>:<pos>:<row>}
 * @param lsn the position as a number that grows with time
 * @param logOffset the same in bytes of the log: what lies close together has close numbers
 * @param time of the commit, microseconds
 */
record Position(
    String server,
    String database,
    String schema,
    String table,
    String text,
    BigInteger lsn,
    long logOffset,
    BigInteger tx,
    long time) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern DECIMAL = Pattern.compile("\\d{1,30}");
  private static final Pattern BINLOG_FILE = Pattern.compile(".*\\.(\\d{1,10})");

  /** The number of a transaction in MySQL ({@code uuid:23}) and MariaDB ({@code 0-1-23}). */
  private static final Pattern GTID = Pattern.compile(".*[:-](\\d{1,18})");

  /**
   * A MySQL position in one number: 20 bits of the file's number, 32 of the offset, 11 of the row
   * in its event. A file is rotated at 1 GiB
   * (https://dev.mysql.com/doc/refman/8.4/en/replication-options-binary-log.html#sysvar_max_binlog_size),
   * so a million of them is a petabyte. Rows past the 2,047th of one event share a number: one
   * event holds a key once.
   */
  private static final int FILE_BITS = 20;

  private static final int OFFSET_BITS = 32;
  private static final int ROW_BITS = 11;

  /**
   * @throws Refusal UNREADABLE naming the member at fault; UNREPRESENTABLE for a binlog position
   *     that no number of 63 bits tells
   */
  static Position of(JsonNode source) throws Refusal {
    String connector = text(source, "connector");
    String server = text(source, "name");
    String database = text(source, "db");
    String table = text(source, "table");
    long time = time(source);
    return switch (connector) {
      case "postgresql" -> {
        BigInteger lsn = number(source, "lsn");
        BigInteger tx = source.path("txId").isNull() ? BigInteger.ZERO : number(source, "txId");
        yield new Position(
            server,
            database,
            text(source, "schema"),
            table,
            lsn.toString(),
            lsn,
            lsn.longValue(),
            tx,
            time);
      }
      case "mysql", "mariadb" -> {
        String file = text(source, "file");
        BigInteger offset = number(source, "pos");
        // Absent in a snapshot, which has no rows within events.
        BigInteger row =
            source.path("row").isIntegralNumber() ? number(source, "row") : BigInteger.ZERO;
        String at = file + ":" + offset + ":" + row;
        BigInteger packed = packed(file, offset, row);
        yield new Position(
            server,
            database,
            database,
            table,
            at,
            packed,
            packed.shiftRight(ROW_BITS).longValueExact(),
            transaction(source.path("gtid")),
            time);
      }
      default ->
          throw new Refusal(
              Reason.UNREADABLE,
              "source.connector",
              "Changes of this connector are not read: their positions cannot be compared. Those of"
                  + " postgresql, mysql and mariadb are.");
    };
  }

  /** As `source` of docs/interfaces.md#change-event. */
  JsonNode json() {
    ObjectNode source = JSON.createObjectNode();
    source.put("db", database);
    source.put("schema", schema);
    source.put("table", table);
    source.put("lsn", lsn.toString());
    source.put("tx", tx.toString());
    source.put("ts", Timestamps.format(time));
    return source;
  }

  private static BigInteger packed(String file, BigInteger offset, BigInteger row) throws Refusal {
    Matcher name = BINLOG_FILE.matcher(file);
    if (!name.matches()) {
      throw malformed("source.file", "is not the name of a binlog file, such as binlog.000003");
    }
    BigInteger number = new BigInteger(name.group(1));
    if (number.bitLength() > FILE_BITS || offset.bitLength() > OFFSET_BITS) {
      throw new Refusal(
          Reason.UNREPRESENTABLE,
          "source.file",
          "The binlog position is beyond file 1,048,575 or offset 4 GiB; RESET BINARY LOGS AND GTIDS"
              + " starts the files over, which needs a new snapshot under a new topic.prefix.");
    }
    BigInteger lastRow = BigInteger.valueOf((1L << ROW_BITS) - 1);
    return number
        .shiftLeft(OFFSET_BITS + ROW_BITS)
        .or(offset.shiftLeft(ROW_BITS))
        .or(row.min(lastRow));
  }

  private static BigInteger transaction(JsonNode gtid) {
    Matcher id = GTID.matcher(gtid.asText(""));
    return gtid.isTextual() && id.matches() ? new BigInteger(id.group(1)) : BigInteger.ZERO;
  }

  /** Debezium before 2.5 wrote milliseconds only. */
  private static long time(JsonNode source) throws Refusal {
    try {
      long time;
      if (source.path("ts_us").isIntegralNumber()) {
        time = source.get("ts_us").longValue();
      } else if (source.path("ts_ns").isIntegralNumber()) {
        time = Math.floorDiv(source.get("ts_ns").longValue(), 1_000L);
      } else {
        time = Math.multiplyExact(number(source, "ts_ms").longValueExact(), 1_000L);
      }
      // Whatever is no time of this calendar is told now, not when it is written.
      return Timestamps.parse(Timestamps.format(time));
    } catch (ArithmeticException | DateTimeException e) {
      throw malformed("source.ts_ms", "is no time");
    }
  }

  private static String text(JsonNode source, String name) throws Refusal {
    JsonNode value = source.path(name);
    if (!value.isTextual() || value.textValue().isEmpty()) {
      throw malformed("source." + name, "is missing or not text");
    }
    return value.textValue();
  }

  private static BigInteger number(JsonNode source, String name) throws Refusal {
    JsonNode value = source.path(name);
    String text = value.isIntegralNumber() || value.isTextual() ? value.asText() : "";
    if (!DECIMAL.matcher(text).matches()) {
      throw malformed("source." + name, "is missing or no whole number");
    }
    return new BigInteger(text);
  }

  private static Refusal malformed(String member, String problem) {
    return new Refusal(
        Reason.UNREADABLE,
        member,
        "A Debezium event is malformed: " + member + " " + problem + ".");
  }
}
