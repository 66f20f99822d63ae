package dev.tributary.pipeline.batch;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.ConfigurationException;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Timestamps;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** Foreign files by the mappings that ship. */
public class MappedFilesTest {
  private static final String RETAIL_HEADER =
      "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n";

  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  private BatchRun batch;

  @Before
  public void setUp() throws IOException {
    batch = new BatchRun(folder.getRoot().toPath(), Samples.CONTRACTS);
  }

  @Test
  public void taobaosBehaviourBecomesUserEvents() throws IOException {
    String uri =
        drop(
            "taobao_user_behavior",
            LandingFile.Compression.GZIP,
            BatchRun.gzip(
                """
                1,2268318,2520377,pv,1511544070
                1,2333346,2520771,buy,1511561733
                1,2576651,149192,look,1511572885
                1,2576651,149192,pv,yesterday
                1,,149192,pv,1511572885
                """));
    Map<String, Map<String, Object>> rows = batch.rows("user_event_id");
    assertEquals(
        List.of("1-2268318-pv-1511544070", "1-2333346-buy-1511561733"), List.copyOf(rows.keySet()));
    Map<String, Object> row = rows.get("1-2268318-pv-1511544070");
    assertEquals(1L, row.get("user_id"));
    assertEquals("2268318", row.get("item_id"));
    assertEquals("2520377", row.get("category_id"));
    assertEquals("pv", row.get("behavior"));
    assertEquals(Timestamps.parse("2017-11-24T17:21:10.000000Z"), row.get("event_time"));
    assertEquals(row.get("event_time"), row.get("_event_time"));
    assertEquals(uri, row.get("_batch_uri"));
    assertEquals(1L, row.get("_batch_line"));
    assertFalse(row.containsKey("session_id"));
    assertEquals(
        Map.of(
            3L, "CONTRACT_VIOLATION behavior",
            4L, "CONTRACT_VIOLATION event_time",
            5L, "CONTRACT_VIOLATION user_event_id"),
        batch.refusedLines());
  }

  @Test
  public void onlineRetailBecomesOrderLines() throws IOException {
    String content =
        RETAIL_HEADER
            + "536365,85123A,\"WHITE HANGING HEART, \"\"T\"\"\",6,12/1/2010 8:26,2.55,17850.0,United Kingdom\r\n"
            + "C536379,D,Discount £,-1,7/1/2011 9:41,27.5,14527,EIRE\r\n"
            + "536414,22139,,56,12/1/2010 11:52,0,,United Kingdom\r\n"
            + "A563185,B,Adjust bad debt,1,8/12/2011 14:50,11062.06,,United Kingdom\r\n"
            + "536365,71053,LANTERN,6,3/27/2011 1:26,3.39,17850,United Kingdom\r\n"
            + "536366,22633,HAND WARMER,6,12/1/2010 8:28,1.85,,United Kingdom\r\n";
    drop(
        "online_retail",
        LandingFile.Compression.NONE,
        content.getBytes(Charset.forName("windows-1252")));
    Map<String, Map<String, Object>> rows = batch.rows("order_line_id");
    assertEquals("[536365-L2, 536366-L7, C536379-L3]", rows.keySet().toString());
    Map<String, Object> bought = rows.get("536365-L2");
    assertEquals("536365", bought.get("order_id"));
    assertEquals("85123A", bought.get("product_id"));
    assertEquals(17_850L, bought.get("customer_id"));
    assertEquals("purchase", bought.get("kind"));
    assertEquals(6L, bought.get("quantity"));
    assertEquals(new BigDecimal("2.550000000"), bought.get("unit_price"));
    assertEquals("United Kingdom", bought.get("country"));
    assertEquals(Timestamps.parse("2010-12-01T08:26:00.000000Z"), bought.get("order_time"));
    Map<String, Object> returned = rows.get("C536379-L3");
    assertEquals("return", returned.get("kind"));
    assertEquals(1L, returned.get("quantity"));
    assertEquals(Timestamps.parse("2011-07-01T08:41:00.000000Z"), returned.get("order_time"));
    assertFalse(rows.get("536366-L7").containsKey("customer_id"));
    assertEquals(
        Map.of(
            4L, "CONTRACT_VIOLATION unit_price",
            5L, "CONTRACT_VIOLATION kind",
            6L, "CONTRACT_VIOLATION order_time"),
        batch.refusedLines());
  }

  @Test
  public void aColumnThatTheMappingDoesNotNameRefusesTheFile() throws IOException {
    drop(
        "online_retail",
        LandingFile.Compression.NONE,
        (RETAIL_HEADER.strip() + ",Mail\r\n").getBytes(StandardCharsets.UTF_8));
    assertEquals("WRONG_COLUMNS", batch.refusal());
    assertTrue(batch.report().toString().contains("Column 9 "));
  }

  @Test
  public void delimitersQuotesConstantsAndNullsAreAsDeclared() throws IOException {
    Mapping mapping =
        new Mapping(
            "order_lines",
            new Mapping.Csv(';', null, "utf-8"),
            List.of("id", "product", "price", "country"),
            List.of("", "\\N"),
            List.of(),
            List.of(
                column("order_line_id", "id"),
                new Mapping.Rule("order_id", null, "shop/{id}", null, null, null),
                column("product_id", "product"),
                new Mapping.Rule("kind", null, null, "purchase", null, null),
                new Mapping.Rule("quantity", null, null, "1", null, null),
                new Mapping.Rule(
                    "unit_price",
                    "price",
                    null,
                    null,
                    List.of(new Mapping.Value("(\\d+),(\\d+)", "$1.$2")),
                    null),
                column("country", "country"),
                new Mapping.Rule("order_time", null, null, "2026-11-20T10:00:00Z", null, null)));
    batch.drop(
        "order_lines",
        LandingFile.Format.CSV,
        LandingFile.Compression.NONE,
        mapping,
        "1;5\" disk;2,55;\\N\n2;x;2.55;Spain\n".getBytes(StandardCharsets.UTF_8));
    Map<String, Object> row = batch.rows("order_line_id").get("1");
    assertEquals("shop/1", row.get("order_id"));
    assertEquals("5\" disk", row.get("product_id"));
    assertEquals(new BigDecimal("2.550000000"), row.get("unit_price"));
    assertFalse(row.containsKey("country"));
    assertEquals(Map.of(2L, "CONTRACT_VIOLATION unit_price"), batch.refusedLines());
  }

  @Test
  public void aMappingThatCannotWorkIsRefusedBeforeAnythingRuns() {
    Contract orders = Samples.CONTRACTS.stream("orders").orElseThrow();
    for (String json :
        List.of(
            "{",
            "{\"stream\":\"orders\"}",
            rule("").replace("orders", "customers"),
            rule("\"field\":\"mail\",\"column\":\"x\""),
            rule(
                "\"field\":\"order_id\",\"column\":\"x\",\"values\":[{\"match\":\"(\",\"to\":\"\"}]"),
            rule(
                "\"field\":\"order_time\",\"column\":\"x\",\"time\":{\"format\":\"epoch_days\",\"zone\":null}"),
            rule(
                "\"field\":\"order_time\",\"column\":\"x\",\"time\":{\"format\":\"H\",\"zone\":\"Mars/North\"}"))) {
      ConfigurationException refused =
          assertThrows(json, ConfigurationException.class, () -> Mapping.parse(json, orders));
      assertEquals("MAPPING_INVALID", refused.code());
    }
  }

  private static String rule(String members) {
    return "{\"stream\":\"orders\",\"csv\":{\"delimiter\":\",\"},\"nulls\":[],\"ignore\":[],\"fields\":[{"
        + members
        + "}]}";
  }

  private static Mapping.Rule column(String field, String column) {
    return new Mapping.Rule(field, column, null, null, null, null);
  }

  private String drop(String dataset, LandingFile.Compression compression, byte[] content)
      throws IOException {
    String json =
        new ObjectMapper()
            .readTree(Samples.resource("/mappings.json"))
            .at("/datasets/" + dataset)
            .toString();
    String stream = new ObjectMapper().readTree(json).get("stream").asText();
    Mapping mapping = Mapping.parse(json, Samples.CONTRACTS.stream(stream).orElseThrow());
    return batch.drop(stream, LandingFile.Format.CSV, compression, mapping, content);
  }
}
