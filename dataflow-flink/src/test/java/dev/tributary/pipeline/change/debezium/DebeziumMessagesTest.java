package dev.tributary.pipeline.change.debezium;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.change.Arrival;
import dev.tributary.pipeline.change.MessageReader;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.Test;

public class DebeziumMessagesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PLANTED = "planted.one@example.com";

  private static final Contracts CONTRACTS =
      Contracts.parse(
          """
          {"streams": {
            "things": {"stream": "things", "version": "2.0.0", "table": {"schema": "shop", "name": "things"},
              "primaryKey": ["shelf", "id"], "eventTime": "seen_at", "fields": [
                {"name": "id", "type": "INT64", "required": true, "pii": "none"},
                {"name": "shelf", "type": "STRING", "required": true, "pii": "none"},
                {"name": "price", "type": "NUMERIC", "required": false, "pii": "none"},
                {"name": "tax", "type": "NUMERIC", "required": false, "pii": "none"},
                {"name": "seen_at", "type": "TIMESTAMP", "required": true, "pii": "none"},
                {"name": "made_on", "type": "DATE", "required": false, "pii": "none"},
                {"name": "photo", "type": "BYTES", "required": false, "pii": "none"},
                {"name": "tags", "type": "JSON", "required": false, "pii": "none"},
                {"name": "sold", "type": "BOOL", "required": false, "pii": "none"},
                {"name": "lasts", "type": "STRING", "required": false, "pii": "none"},
                {"name": "ends_on", "type": "DATE", "pii": "none", "onUnrepresentable": "clamp"},
                {"name": "rate", "type": "NUMERIC", "pii": "none", "onUnrepresentable": "null"}]},
            "customers": {"stream": "customers", "version": "1.0.0",
              "table": {"schema": "inventory", "name": "customers"},
              "primaryKey": ["id"], "eventTime": null, "fields": [
                {"name": "id", "type": "INT64", "required": true, "pii": "none"},
                {"name": "first_name", "type": "STRING", "required": false, "pii": "none"},
                {"name": "email", "type": "STRING", "required": false, "pii": "tokenize"},
                {"name": "active", "type": "BOOL", "required": false, "pii": "none"}]}}}
          """);

  private final Protection protection = new Protection(PiiKeys.parse(Samples.PII_KEYS, "keys"));
  private final MessageReader reader = new MessageReader(CONTRACTS, Samples.FEATURES, protection);

  private static final String ROW =
      "{\"id\":7,\"shelf\":\"A\",\"price\":\"12.50\",\"seen_at\":\"2026-11-20T10:00:00.000001Z\"}";

  @Test
  public void aChangeWithoutPersonalFieldsIsKeptAsItCame() throws IOException {
    String message = postgres("c", "null", ROW);
    Arrival arrival = read(message);
    assertNull(arrival.letter());
    Map<String, Object> row = processed(arrival);
    assertEquals(new BigDecimal("12.500000000"), row.get("price"));
    assertEquals(4711L, row.get("_lsn"));
    assertEquals(763L, row.get("_tx"));
    assertEquals("c", row.get("_op"));
    String id =
        new Digest()
            .add("app")
            .add("shop.things")
            .add("4711")
            .add("{\"shelf\":\"A\",\"id\":7}")
            .add("c")
            .id();
    assertEquals(id, arrival.id());
    Map<String, Object> raw = raw(arrival);
    assertEquals(message, text(raw.get("message")));
    assertEquals(id, raw.get("event_id"));
    assertEquals("things", raw.get("stream"));
  }

  @Test
  public void aColumnNoContractKnowsIsSealedAndChangesNothingElse() {
    Arrival known = read(postgres("c", "null", ROW));
    String message = postgres("c", "null", ROW.replace("}", ",\"nickname\":\"" + PLANTED + "\"}"));
    Arrival arrival = read(message);
    assertNull(arrival.letter());
    assertEquals(known.id(), arrival.id());
    assertEquals(
        protection.seal(message.getBytes(StandardCharsets.UTF_8)),
        text(raw(arrival).get("message")));
  }

  @Test
  public void aDeleteWithoutTheRowBeforeIsDatedByItsCommitAndKeyedByTheMessage() {
    Arrival arrival =
        read(
            postgres("d", "null", "null"),
            "{\"schema\":{\"type\":\"struct\",\"fields\":[]},\"payload\":{\"shelf\":\"A\",\"id\":7}}");
    assertNull(arrival.letter());
    Map<String, Object> row = processed(arrival);
    assertEquals("d", row.get("_op"));
    assertEquals(7L, row.get("id"));
    assertEquals("A", row.get("shelf"));
    assertEquals(row.get("_source_time"), row.get("_event_time"));
    assertNull(row.get("seen_at"));
    Arrival keyOnly = read(postgres("d", "{\"id\":7,\"shelf\":\"A\",\"seen_at\":null}", "null"));
    assertEquals(arrival.id(), keyOnly.id());
    assertEquals(row.get("_event_time"), processed(keyOnly).get("_event_time"));

    JsonNode letter = letter(read(postgres("d", "null", "null")));
    assertEquals("CONTRACT_VIOLATION", letter.get("reason").asText());
    assertEquals("shelf", letter.get("field").asText());
  }

  @Test
  public void theMessageKeyIsKeptSealed() throws IOException {
    String key = "{\"email\":\"" + PLANTED + "\"}";
    String attributes = raw(read(postgres("c", "null", ROW), key)).get("attributes").toString();
    assertFalse(attributes.contains(PLANTED));
    assertEquals(
        protection.seal(key.getBytes(StandardCharsets.UTF_8)),
        JSON.readTree(attributes).get("messagekey").asText());
  }

  @Test
  public void aKeyThatChangesIsADeleteAndACreateWithTwoIds() {
    Arrival gone = read(postgres("d", ROW, "null"));
    Arrival come = read(postgres("c", "null", ROW.replace("\"id\":7", "\"id\":8")));
    assertNotEquals(gone.id(), come.id());
    assertEquals(7L, processed(gone).get("id"));
    assertEquals(8L, processed(come).get("id"));
    assertEquals(processed(gone).get("_lsn"), processed(come).get("_lsn"));
  }

  @Test
  public void unchangedLargeValuesAreNamedAndNeverTakenForValues() {
    String placeholder = "__debezium_unavailable_value";
    String bytes = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";
    StringBuilder integers = new StringBuilder("[");
    for (byte b : placeholder.getBytes(StandardCharsets.UTF_8)) {
      integers.append(integers.length() == 1 ? "" : ",").append(b);
    }
    for (String tags :
        List.of(
            "\"" + placeholder + "\"",
            "[\"" + placeholder + "\"]",
            "[\"" + bytes + "\"]",
            integers + "]",
            "[\"b68a35a7-17ad-35b3-af2a-ae46edb4545a\"]",
            "{\"" + placeholder + "\":\"" + placeholder + "\"}",
            "\"{\\\"" + placeholder + "\\\":\\\"" + placeholder + "\\\"}\"")) {
      String after =
          "{\"id\":7,\"shelf\":\"A\",\"price\":\"1.0\",\"tax\":null,\"made_on\":null,\"sold\":null,"
              + "\"lasts\":null,\"ends_on\":null,\"rate\":null,\"photo\":\"%s\",\"tags\":%s,\"seen_at\":\"%s\"}"
                  .formatted(bytes, tags, placeholder);
      Arrival arrival = read(postgres("u", "null", after));
      assertNull(tags, arrival.letter());
      assertEquals(tags, "seen_at,photo,tags", processed(arrival).get("_absent"));
    }
  }

  @Test
  public void withoutASchemaWhatCouldMeanTwoThingsIsRefusedWithTheRemedy() {
    assertAmbiguous("price", "\"MDk=\"", "base64 of a decimal without its scale");
    assertAmbiguous("price", "\"1234\"", "a number, or the base64 of one");
    assertAmbiguous("seen_at", "1795238402123", "nothing tells which");
    assertAmbiguous("photo", "\"beef\"", "base64 or in hex");
  }

  @Test
  public void oneDecimalThatOnlyTextCanBeTellsHowTheOthersAreWritten() {
    Arrival arrival =
        read(
            postgres(
                "c",
                "null",
                ROW.replace("\"12.50\"", "\"1234\"").replace("}", ",\"tax\":\"0.19\"}")));
    assertNull(arrival.letter());
    assertEquals(new BigDecimal("1234.000000000"), processed(arrival).get("price"));
  }

  @Test
  public void withoutASchemaTheContractsTypeTellsTheRest() {
    Map<String, Object> row =
        processed(
            read(
                postgres(
                    "c",
                    "null",
                    "{\"id\":\"7\",\"shelf\":\"A\",\"price\":{\"scale\":2,\"value\":\"MDk=\"},\"tax\":1.5e-3,"
                        + "\"seen_at\":\"2026-11-20T12:00:00.5+02:00\",\"made_on\":20454,"
                        + "\"photo\":\"0001ff\",\"tags\":[\"a\",null,{\"scale\":1,\"value\":\"Dw==\"}],\"sold\":true}")));
    assertEquals(7L, row.get("id"));
    assertEquals(new BigDecimal("123.450000000"), row.get("price"));
    assertEquals(new BigDecimal("0.001500000"), row.get("tax"));
    assertEquals(20454, row.get("made_on"));
    assertEquals("[\"a\",null,\"1.5\"]", row.get("tags"));
    assertEquals(List.of((byte) 0, (byte) 1, (byte) -1), list((byte[]) row.get("photo")));
  }

  @Test
  public void withASchemaEveryPrecisionModeIsTheSameTime() {
    for (String seenAt :
        List.of(
            "io.debezium.time.Timestamp|1795238402123",
            "org.apache.kafka.connect.data.Timestamp|1795238402123",
            "io.debezium.time.MicroTimestamp|1795238402123000",
            "io.debezium.time.NanoTimestamp|1795238402123000000",
            "io.debezium.time.ZonedTimestamp|\"2026-11-21T05:20:02.123Z\"",
            "io.debezium.time.IsoTimestamp|\"2026-11-21T05:20:02.123Z\"")) {
      String[] parts = seenAt.split("\\|");
      Map<String, Object> row = processed(read(typed("seen_at", parts[0], parts[1], "")));
      assertEquals(seenAt, 1_795_238_402_123_000L, row.get("seen_at"));
    }
  }

  @Test
  public void withASchemaTimesWithoutEndAreUnrepresentable() {
    for (String seenAt :
        List.of(
            "io.debezium.time.MicroTimestamp|9223372036825200000",
            "io.debezium.time.Timestamp|-9223372036832400",
            "io.debezium.time.NanoTimestamp|9223372036854775807",
            "io.debezium.time.MicroTimestamp|253402300800000000",
            "io.debezium.time.NanoTimestamp|1",
            "io.debezium.time.IsoTimestamp|\"+294247-01-10T04:00:25.2Z\"")) {
      String[] parts = seenAt.split("\\|");
      JsonNode letter = letter(read(typed("seen_at", parts[0], parts[1], "")));
      assertEquals(seenAt, "UNREPRESENTABLE", letter.get("reason").asText());
      assertEquals(seenAt, "seen_at", letter.get("field").asText());
    }
  }

  @Test
  public void whatTheContractMapsIsMappedAndKeptExactInTheMessage() {
    String row = ROW.replace("}", ",\"ends_on\":\"-5877611-06-21Z\",\"rate\":\"NAN\"}");
    Arrival arrival = read(postgres("c", "null", row));
    assertEquals(2_932_896, processed(arrival).get("ends_on"));
    assertNull(processed(arrival).get("rate"));
    assertFalse(processed(arrival).get("_absent").toString().contains("rate"));
    assertTrue(text(raw(arrival).get("message")).contains("\"NAN\""));
    Arrival typed =
        read(
            wrapped(
                "{\"type\":\"int32\",\"name\":\"io.debezium.time.Date\",\"field\":\"ends_on\"}",
                ROW.replace("}", ",\"ends_on\":-2147472691}")));
    assertEquals(-719_162, processed(typed).get("ends_on"));
  }

  @Test
  public void aDecimalHasTheScaleOfItsSchema() {
    Map<String, Object> row =
        processed(
            read(
                typed(
                    "price",
                    "org.apache.kafka.connect.data.Decimal",
                    "\"MDk=\"",
                    ",\"parameters\":{\"scale\":\"2\"}")));
    assertEquals(new BigDecimal("123.450000000"), row.get("price"));
  }

  @Test
  public void anIntervalInMicrosecondsIsRefusedWithTheRemedy() {
    JsonNode letter =
        letter(read(typed("lasts", "io.debezium.time.MicroDuration", "36572706000007", "")));
    assertEquals("lasts", letter.get("field").asText());
    assertTrue(letter.get("message").asText().contains("interval.handling.mode=string"));
  }

  @Test
  public void aTimeOfDayIsTextWithItsLastMicrosecond() {
    assertEquals(
        "24:00:00Z",
        processed(read(typed("lasts", "io.debezium.time.MicroTime", "86400000000", "")))
            .get("lasts"));
    assertEquals(
        "00:00:00.000001Z",
        processed(read(typed("lasts", "io.debezium.time.MicroTime", "1", ""))).get("lasts"));
  }

  @Test
  public void datesInArraysAreWireDatesAndWhatIsNoneStaysExactText() {
    String schema =
        "\"type\":\"array\",\"items\":{\"type\":\"int32\",\"optional\":true,\"name\":\"io.debezium.time.Date\"}";
    Arrival arrival =
        read(
            wrapped(
                "{%s,\"field\":\"tags\"}".formatted(schema),
                ROW.replace("}", ",\"tags\":[20454,null,2932897]}")));
    assertEquals("[\"2026-01-01\",null,\"+10000-01-01\"]", processed(arrival).get("tags"));
  }

  @Test
  public void aChangeFromMySqlIsTheSameKindOfRow() {
    Arrival arrival =
        read(
            mysql(
                "c",
                "null",
                "{\"id\":1004,\"first_name\":\"Anne\",\"email\":\""
                    + PLANTED
                    + "\",\"active\":1}"));
    assertNull(arrival.letter());
    Map<String, Object> row = processed(arrival);
    assertEquals(1004L, row.get("id"));
    assertEquals(true, row.get("active"));
    assertEquals(protection.tokenize(PLANTED), row.get("email"));
    assertEquals(23L, row.get("_tx"));
    assertEquals((3L << 43) | (154L << 11) | 2L, row.get("_lsn"));
    assertEquals(
        new Digest()
            .add("mysql-server-1")
            .add("inventory.customers")
            .add("mysql-bin.000003:154:2")
            .add("{\"id\":1004}")
            .add("c")
            .id(),
        arrival.id());
    assertFalse(text(raw(arrival).get("message")).contains(PLANTED));
  }

  @Test
  public void binlogPositionsCompareAsNumbersInTheOrderOfTheLog() {
    long[] positions = {
      lsn("mysql-bin.000003", 154, 0),
      lsn("mysql-bin.000003", 154, 1),
      lsn("mysql-bin.000003", 155, 0),
      lsn("mysql-bin.000003", 4_294_967_295L, 5_000),
      lsn("mysql-bin.000004", 4, 0),
      lsn("mysql-bin.1048575", 4, 0),
    };
    for (int i = 1; i < positions.length; i++) {
      assertTrue("position " + i, positions[i - 1] < positions[i]);
    }
    JsonNode letter =
        letter(
            read(
                mysql("d", "{\"id\":1}", "null").replace("mysql-bin.000003", "mysql-bin.1048576")));
    assertEquals("UNREPRESENTABLE", letter.get("reason").asText());
  }

  @Test
  public void aTruncateHasNoKeyAndEmptiesTheStream() {
    Arrival arrival = read(postgres("t", "null", "null"));
    assertEquals("t", processed(arrival).get("_op"));
    assertEquals(
        new Digest().add("app").add("shop.things").add("4711").add("null").add("t").id(),
        arrival.id());
  }

  @Test
  public void whatAProducerSaysOfItselfIsKeptAndIsNoFault() {
    String ddl =
        "{\"source\":{\"connector\":\"mysql\",\"name\":\"m\",\"db\":\"inventory\"},\"ts_ms\":1,"
            + "\"databaseName\":\"inventory\",\"schemaName\":null,"
            + "\"ddl\":\"ALTER TABLE customers ADD c text DEFAULT '"
            + PLANTED
            + "'\",\"tableChanges\":[]}";
    String logical =
        "{\"op\":\"m\",\"ts_ms\":1,\"source\":{\"connector\":\"postgresql\",\"table\":\"\"},"
            + "\"message\":{\"prefix\":\"p\",\"content\":\"Y29udGVudA==\"}}";
    Map<String, Boolean> controls =
        Map.of(
            "{\"ts_ms\":1795250967563}",
            true,
            "{\"schema\":{\"type\":\"struct\"},\"payload\":{\"ts_ms\":1,\"ts_us\":1000,\"ts_ns\":1}}",
            true,
            "{\"status\":\"BEGIN\",\"id\":\"769:27479216\",\"event_count\":null,\"data_collections\":null,\"ts_ms\":1}",
            false,
            "{\"status\":\"END\",\"id\":\"769:27480184\",\"event_count\":1,\"data_collections\":[{\"data_collection\":\"shop.things\",\"event_count\":1}],\"ts_ms\":1}",
            false,
            ddl,
            false,
            logical,
            false,
            "",
            true,
            "null",
            true,
            "{\"schema\":null,\"payload\":null}",
            true);
    controls.forEach(
        (message, clear) -> {
          Arrival arrival = read(message, "{\"id\":1}");
          assertNull(message, arrival.letter());
          assertEquals(message, List.of(), arrival.events());
          assertEquals(message, 1, arrival.rows().size());
          Partition partition = arrival.rows().get(0).partition();
          assertEquals(message, Table.RAW, partition.table());
          assertEquals(message, "_control", partition.stream());
          String stored = text(raw(arrival).get("message"));
          assertEquals(
              message,
              clear ? message : protection.seal(message.getBytes(StandardCharsets.UTF_8)),
              stored);
        });
    assertEquals("the same message twice", read("{\"ts_ms\":1}").id(), read("{\"ts_ms\":1}").id());
  }

  @Test
  public void whatIsNoChangeOfDebeziumIsADeadLetterThatSaysSo() {
    assertEquals(
        "UNREADABLE", letter(read("{\"id\":1,\"__deleted\":\"false\"}")).get("reason").asText());
    assertTrue(
        letter(read("{\"id\":1,\"__deleted\":\"false\"}"))
            .get("message")
            .asText()
            .contains("ExtractNewRecordState"));
    JsonNode oracle = letter(read(postgres("c", "null", ROW).replace("postgresql", "oracle")));
    assertEquals("UNREADABLE", oracle.get("reason").asText());
    assertEquals("source.connector", oracle.get("field").asText());
    JsonNode unknown =
        letter(
            read(
                postgres("c", "null", "{\"mail\":\"" + PLANTED + "\"}")
                    .replace("\"things\"", "\"secrets\"")));
    assertEquals("UNKNOWN_STREAM", unknown.get("reason").asText());
    assertEquals("_unknown", unknown.get("stream").asText());
    assertFalse(unknown.toString().contains(PLANTED));
    JsonNode lacking = letter(read(postgres("c", "null", "{\"id\":7,\"shelf\":\"A\"}")));
    assertEquals("CONTRACT_VIOLATION", lacking.get("reason").asText());
    assertEquals("seen_at", lacking.get("field").asText());
    assertEquals("4711", lacking.at("/source/lsn").asText());
  }

  private void assertAmbiguous(String field, String value, String why) {
    String row = ROW.replace("\"12.50\"", "null");
    String after =
        row.contains("\"" + field + "\":")
            ? row.replaceAll("\"" + field + "\":(\"[^\"]*\"|null)", "\"" + field + "\":" + value)
            : row.replace("}", ",\"" + field + "\":" + value + "}");
    JsonNode letter = letter(read(postgres("c", "null", after)));
    assertEquals(field, "UNREADABLE", letter.get("reason").asText());
    assertEquals(field, letter.get("field").asText());
    assertEquals("things", letter.get("stream").asText());
    String message = letter.get("message").asText();
    assertTrue(
        message, message.contains(why) && message.contains("value.converter.schemas.enable"));
  }

  private long lsn(String file, long pos, long row) {
    String message =
        mysql("d", "{\"id\":1}", "null")
            .replace("mysql-bin.000003", file)
            .replace("\"pos\":154", "\"pos\":" + pos)
            .replace("\"row\":2", "\"row\":" + row);
    return (Long) processed(read(message)).get("_lsn");
  }

  private static String postgres(String op, String before, String after) {
    return ("{\"before\":%s,\"after\":%s,\"source\":{\"version\":\"3.6.3.Final\",\"connector\":\"postgresql\","
            + "\"name\":\"app\",\"ts_ms\":1795240418309,\"snapshot\":\"false\",\"db\":\"app\","
            + "\"sequence\":\"[null,\\\"4711\\\"]\",\"ts_us\":1795240418309061,\"schema\":\"shop\","
            + "\"table\":\"things\",\"txId\":763,\"lsn\":4711,\"xmin\":null},"
            + "\"transaction\":{\"id\":\"763:4711\",\"total_order\":1,\"data_collection_order\":1},"
            + "\"op\":\"%s\",\"ts_ms\":1795240418413}")
        .formatted(before, after, op);
  }

  /**
   * https://debezium.io/documentation/reference/stable/connectors/mysql.html#mysql-create-events
   */
  private static String mysql(String op, String before, String after) {
    return ("{\"op\":\"%s\",\"ts_ms\":1465491411815,\"before\":%s,\"after\":%s,"
            + "\"source\":{\"version\":\"3.6.3.Final\",\"connector\":\"mysql\",\"name\":\"mysql-server-1\","
            + "\"ts_ms\":1465491411000,\"snapshot\":\"false\",\"db\":\"inventory\",\"table\":\"customers\","
            + "\"server_id\":223344,\"gtid\":\"3e11fa47-71ca-11e1-9e33-c80aa9429562:23\","
            + "\"file\":\"mysql-bin.000003\",\"pos\":154,\"row\":2,\"thread\":7,\"query\":null}}")
        .formatted(op, before, after);
  }

  /** A row with one more field of a meaning, within its schema. */
  private static String typed(String field, String meaning, String value, String more) {
    String type =
        value.startsWith("\"") ? (meaning.endsWith("Decimal") ? "bytes" : "string") : "int64";
    String schema =
        "{\"type\":\"%s\",\"optional\":true,\"name\":\"%s\",\"field\":\"%s\"%s}"
            .formatted(type, meaning, field, more);
    String row =
        ROW.contains("\"" + field + "\":")
            ? ROW.replaceAll("\"" + field + "\":\"[^\"]*\"", "\"" + field + "\":" + value)
            : ROW.replace("}", ",\"" + field + "\":" + value + "}");
    return wrapped(schema, row);
  }

  private static String wrapped(String fieldSchema, String row) {
    return "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"struct\",\"fields\":["
        + fieldSchema
        + "],\"optional\":true,\"field\":\"after\"}]},\"payload\":"
        + postgres("c", "null", row)
        + "}";
  }

  private Arrival read(String message) {
    return read(message, null);
  }

  private Arrival read(String message, String key) {
    BusMessage bare = Samples.message(BusMessage.Topic.CHANGES, 1, message);
    return reader.read(
        new BusMessage(
            bare.topic(),
            bare.topicName(),
            new TreeMap<>(),
            bare.data(),
            bare.partition(),
            bare.offset(),
            null,
            bare.publishedAt(),
            key == null ? null : key.getBytes(StandardCharsets.UTF_8)));
  }

  private static JsonNode letter(Arrival arrival) {
    try {
      return JSON.readTree(arrival.letter().json());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<String, Object> raw(Arrival arrival) {
    return row(arrival, Table.RAW, Table.raw());
  }

  private static Map<String, Object> processed(Arrival arrival) {
    assertNull(
        arrival.letter() == null ? "" : new String(arrival.letter().json(), StandardCharsets.UTF_8),
        arrival.letter());
    String stream = arrival.rows().get(0).partition().stream();
    return row(arrival, Table.PROCESSED, Table.processed(CONTRACTS.stream(stream).orElseThrow()));
  }

  private static Map<String, Object> row(Arrival arrival, String table, List<Column> columns) {
    LakeRow row =
        arrival.rows().stream()
            .filter(filed -> filed.partition().table().equals(table))
            .findFirst()
            .orElseThrow()
            .row();
    Map<String, Object> byName = new HashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      byName.put(columns.get(i).name(), row.values()[i]);
    }
    return byName;
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }

  private static List<Byte> list(byte[] bytes) {
    List<Byte> list = new java.util.ArrayList<>();
    for (byte b : bytes) {
      list.add(b);
    }
    return list;
  }
}
