package dev.tributary.pipeline.warehouse;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.api.services.bigquery.model.TableRow;
import com.google.api.services.bigquery.model.TableSchema;
import com.google.cloud.bigquery.storage.v1.BigDecimalByteStringEncoder;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.DynamicMessage;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.contract.FieldType;
import dev.tributary.pipeline.contract.Timestamps;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Table;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.io.gcp.bigquery.TableRowJsonCoder;
import org.apache.beam.sdk.io.gcp.bigquery.TableRowToStorageApiProto;
import org.apache.beam.sdk.io.gcp.bigquery.TableRowToStorageApiProto.SchemaInformation;
import org.apache.beam.sdk.util.CoderUtils;
import org.junit.Test;

/** From the packed row to the bytes that BigQuery gets: Beam's own conversion is part of it. */
public class TableRowsTest {
  private static final Path GENERATED = Path.of("../contracts/generated");

  @Test
  public void everyTypeIsExactAtItsExtremes() throws Exception {
    assertEquals(Long.MAX_VALUE, sent(FieldType.INT64, Long.MAX_VALUE));
    assertEquals(Long.MIN_VALUE, sent(FieldType.INT64, Long.MIN_VALUE));
    assertEquals(9_007_199_254_740_993L, sent(FieldType.INT64, 9_007_199_254_740_993L));
    for (double real :
        new double[] {0.1, -0.0, Double.MIN_VALUE, Double.MAX_VALUE, Double.NEGATIVE_INFINITY}) {
      assertEquals(real, (Double) sent(FieldType.FLOAT64, real), 0);
      assertEquals(
          Double.doubleToRawLongBits(real),
          Double.doubleToRawLongBits((Double) sent(FieldType.FLOAT64, real)));
    }
    assertEquals(Double.NaN, (Double) sent(FieldType.FLOAT64, Double.NaN), 0);
    assertEquals(true, sent(FieldType.BOOL, true));
    assertEquals(false, sent(FieldType.BOOL, false));
    for (String decimal :
        List.of(
            "0.000000000",
            "12.500000000",
            "-0.000000001",
            "99999999999999999999999999999.999999999",
            "-99999999999999999999999999999.999999999")) {
      assertEquals(
          new BigDecimal(decimal),
          BigDecimalByteStringEncoder.decodeNumericByteString(
              (ByteString) sent(FieldType.NUMERIC, new BigDecimal(decimal))));
    }
    for (String time :
        List.of(
            "0001-01-01T00:00:00.000000Z",
            "1582-10-10T00:00:00.000001Z",
            "1969-12-31T23:59:59.999999Z",
            "2026-11-21T05:20:02.123456Z",
            "9999-12-31T23:59:59.999999Z")) {
      long micros = Timestamps.parse(time);
      assertEquals(time, micros, sent(FieldType.TIMESTAMP, micros));
    }
    for (String date : List.of("0001-01-01", "1969-12-31", "2024-02-29", "9999-12-31")) {
      int days = (int) LocalDate.parse(date).toEpochDay();
      assertEquals(date, days, sent(FieldType.DATE, days));
    }
    for (String text : List.of("", "2026-11-21", "\"\\\u0000\u2028🛒 NULL")) {
      assertEquals(text, sent(FieldType.STRING, text));
    }
    assertEquals("{\"a\": [1.10, null]}", sent(FieldType.JSON, "{\"a\": [1.10, null]}"));
    byte[] bytes = {0, -1, 127, -128, 10};
    assertArrayEquals(bytes, ((ByteString) sent(FieldType.BYTES, bytes)).toByteArray());
  }

  @Test
  public void aNullColumnIsAbsentAndTheOthersKeepTheirPlace() throws Exception {
    List<Column> columns =
        List.of(
            new Column("a", FieldType.INT64),
            new Column("b", FieldType.STRING),
            new Column("c", FieldType.BOOL));
    TableRow row = row(columns, null, null, true);
    assertFalse(row.containsKey("a"));
    assertEquals(new TableRow().set("c", true), row);
  }

  @Test
  public void theTablesHaveTheColumnsThatTheContractCompilerGivesStaging() throws IOException {
    Contracts contracts = Contracts.parse(Files.readString(GENERATED.resolve("contracts.json")));
    for (Contract contract : contracts.streams().values()) {
      JsonNode staging =
          new ObjectMapper()
              .readTree(GENERATED.resolve("bigquery/" + contract.stream() + ".json").toFile());
      List<String> expected = new ArrayList<>();
      staging.forEach(
          column ->
              expected.add(
                  "%s %s %s"
                      .formatted(
                          column.get("name").asText(),
                          column.get("type").asText(),
                          column.get("mode").asText())));
      assertEquals(
          expected,
          TableRows.schema(Table.processed(contract)).getFields().stream()
              .map(field -> field.getName() + " " + field.getType() + " " + field.getMode())
              .toList());
    }
  }

  /** What BigQuery gets of one value. */
  private static Object sent(FieldType type, Object value) throws Exception {
    List<Column> columns = List.of(new Column("x", type));
    TableSchema schema = TableRows.schema(columns);
    Descriptor descriptor =
        TableRowToStorageApiProto.getDescriptorFromTableSchema(schema, true, false);
    DynamicMessage message =
        TableRowToStorageApiProto.messageFromTableRow(
            SchemaInformation.fromTableSchema(
                TableRowToStorageApiProto.schemaToProtoTableSchema(schema)),
            descriptor,
            row(columns, value),
            false,
            false,
            null,
            null,
            -1);
    return message.getField(descriptor.getFields().get(0));
  }

  /** Packed, unpacked, and sent from one worker to another. */
  private static TableRow row(List<Column> columns, Object... values) throws IOException {
    byte[] packed = CoderUtils.encodeToByteArray(new LakeRow.Coder(), new LakeRow("id", 0, values));
    return CoderUtils.clone(TableRowJsonCoder.of(), TableRows.of(columns, packed, 0));
  }
}
