package dev.tributary.pipeline.batch;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;

import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.change.Arrival;
import dev.tributary.pipeline.change.MessageReader;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.feature.FeatureGroups;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.ParquetEncoder;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.lake.TestParquet;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.io.api.Binary;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** A file gives the rows that the stream would: every type, every class of PII. */
public class SameRowsTest {
  private static final Contracts CONTRACTS =
      Contracts.parse(Samples.resource("/every-type-contract.json"));
  private static final long MICROS = 1_795_238_402_123_456L;
  private static final byte[] BYTES = {0, 1, (byte) 0xff};

  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  private BatchRun batch;

  @Before
  public void setUp() throws IOException {
    batch = new BatchRun(folder.getRoot().toPath(), CONTRACTS);
  }

  @Test
  public void aCsvFileGivesTheRowsOfTheStream() throws IOException {
    batch.drop(
        "every_type",
        LandingFile.Format.CSV,
        """
        id,email,ip,address,amount,share,active,happened,day,blob,document,count
        a,ada@example.com,203.0.113.7,12 Street,12345678901234567890.5,0.1,true,2026-11-21T06:20:02.123456+01:00,2026-02-28,AAH/,"{""k"":[1,2]}",9223372036854775807
        b,,,,0,-Infinity,false,2026-11-21T05:20:02.123456Z,,,,
        """);
    assertEquals(streamed(), taken());
  }

  @Test
  public void anNdjsonFileGivesTheRowsOfTheStream() throws IOException {
    batch.drop(
        "every_type",
        LandingFile.Format.NDJSON,
        """
        {"id":"a","email":"ada@example.com","ip":"203.0.113.7","address":"12 Street","amount":12345678901234567890.5,"share":0.1,"active":true,"happened":"2026-11-21T06:20:02.123456+01:00","day":"2026-02-28","blob":"AAH/","document":"{\\"k\\":[1,2]}","count":9223372036854775807}
        {"id":"b","amount":"0","share":"-Infinity","active":false,"happened":"2026-11-21T05:20:02.123456Z"}
        """);
    assertEquals(streamed(), taken());
  }

  @Test
  public void aParquetFileGivesTheRowsOfTheStream() throws IOException {
    byte[] file =
        ParquetSample.of(
            folder.getRoot().toPath(),
            """
            required binary id (STRING);
            optional binary email (STRING);
            optional binary ip (STRING);
            optional binary address (STRING);
            required binary amount (DECIMAL(25,4));
            required double share;
            required boolean active;
            required int64 happened (TIMESTAMP(MICROS,true));
            optional int32 day (DATE);
            optional binary blob;
            optional binary document (JSON);
            optional int64 count;
            """,
            row -> {
              row.append("id", "a").append("email", "ada@example.com").append("ip", "203.0.113.7");
              row.append("address", "12 Street");
              amount(row, "12345678901234567890.5000");
              row.append("share", 0.1).append("active", true).append("happened", MICROS);
              row.append("day", 20_512).append("blob", Binary.fromConstantByteArray(BYTES));
              row.append("document", "{\"k\":[1,2]}").append("count", Long.MAX_VALUE);
            },
            row -> {
              row.append("id", "b");
              amount(row, "0.0000");
              row.append("share", Double.NEGATIVE_INFINITY).append("active", false);
              row.append("happened", MICROS);
            });
    batch.drop("every_type", LandingFile.Format.PARQUET, LandingFile.Compression.NONE, null, file);
    assertEquals(streamed(), taken());
  }

  private static void amount(Group row, String decimal) {
    row.append(
        "amount",
        Binary.fromConstantByteArray(new BigDecimal(decimal).unscaledValue().toByteArray()));
  }

  /**
   * What the files hold, as change events whose PII the bridge has replaced, through the stream.
   */
  private static Map<String, Map<String, Object>> streamed() throws IOException {
    Protection bridge = new Protection(PiiKeys.parse(Samples.PII_KEYS, "test"));
    MessageReader reader =
        new MessageReader(CONTRACTS, FeatureGroups.parse("{\"groups\":[]}", CONTRACTS), bridge);
    List<LakeRow> rows = new ArrayList<>();
    for (String after :
        List.of(
            """
            {"id":"a","email":"%s","ip":"203.0.*.*","amount":"12345678901234567890.5","share":0.1,"active":true,"happened":"2026-11-21T05:20:02.123456Z","day":"2026-02-28","blob":"%s","document":"{\\"k\\":[1,2]}","count":"9223372036854775807"}
            """
                .formatted(
                    bridge.tokenize("ada@example.com"), Base64.getEncoder().encodeToString(BYTES)),
            """
            {"id":"b","email":null,"ip":null,"amount":"0","share":"-Infinity","active":false,"happened":"2026-11-21T05:20:02.123456Z","day":null,"blob":null,"document":null,"count":null}
            """)) {
      String key = "{\"id\":\"" + after.charAt(7) + "\"}";
      String event = Samples.change(Samples.id(rows.size()), "every_type", "c", key, "null", after);
      Arrival arrival = reader.read(Samples.message(BusMessage.Topic.CHANGES, rows.size(), event));
      assertEquals(null, arrival.letter());
      arrival.rows().stream()
          .filter(filed -> filed.partition().table().equals(Table.PROCESSED))
          .forEach(filed -> rows.add(filed.row()));
    }
    byte[] file =
        ParquetEncoder.encode(Table.processed(CONTRACTS.stream("every_type").orElseThrow()), rows);
    Map<String, Map<String, Object>> byId = new TreeMap<>();
    TestParquet.read(file).forEach(row -> byId.put((String) row.get("id"), contractColumns(row)));
    assertEquals(2, byId.size());
    return byId;
  }

  private Map<String, Map<String, Object>> taken() throws IOException {
    assertEquals(List.of(), batch.deadLetters());
    Map<String, Map<String, Object>> rows = batch.rows("id");
    rows.replaceAll((id, row) -> contractColumns(row));
    for (String file : batch.files()) {
      String bytes =
          new String(
              java.nio.file.Files.readAllBytes(java.nio.file.Path.of(file)),
              StandardCharsets.ISO_8859_1);
      assertFalse(file, bytes.contains("ada@example.com") || bytes.contains("12 Street"));
    }
    return rows;
  }

  /** The metadata say where a row is from; the rest, and when it happened, must be the same. */
  private static Map<String, Object> contractColumns(Map<String, Object> row) {
    Map<String, Object> columns = new TreeMap<>(row);
    columns.keySet().removeIf(column -> column.startsWith("_") && !column.equals("_event_time"));
    return columns;
  }
}
