package dev.tributary.pipeline.batch;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.contract.Timestamps;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.NanoTime;
import org.apache.parquet.io.api.Binary;
import org.junit.BeforeClass;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class ParquetRowsTest {
  private static final Contract EVERY_TYPE =
      Contracts.parse(Samples.resource("/every-type-contract.json")).stream("every_type")
          .orElseThrow();
  private static final Contract PRODUCTS = Samples.CONTRACTS.stream("products").orElseThrow();

  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  @BeforeClass
  public static void registerFileSystems() {
    FileSystems.setDefaultPipelineOptions(PipelineOptionsFactory.create());
  }

  @Test
  public void otherProgramsFilesAreReadWhateverTheirPagesArePackedWith() throws Exception {
    for (String codec : List.of("none", "snappy", "gzip", "zstd", "lz4")) {
      for (String version : List.of("v1", "v2")) {
        String name = "products-" + codec + "-" + version + ".parquet";
        List<Object[]> rows = read(PRODUCTS, sample(name));
        assertEquals(name, 5, rows.size());
        assertEquals("p2", rows.get(2)[0]);
        assertEquals("Ünder", rows.get(2)[1]);
        assertEquals(new BigDecimal("0.750000000"), rows.get(2)[3]);
        assertEquals(Timestamps.parse("2026-11-20T10:02:00.000000Z"), rows.get(2)[4]);
        assertEquals(Timestamps.parse("2026-11-20T10:04:00.000000Z"), rows.get(4)[5]);
        assertEquals(null, rows.get(1)[1]);
      }
    }
    assertRefused(
        FileRefusal.Code.UNSUPPORTED_FORMAT,
        "BROTLI",
        () -> read(PRODUCTS, sample("products-brotli-v1.parquet")));
  }

  @Test
  public void aDecimalIsExactWhicheverWayItIsWritten() throws Exception {
    BigDecimal expected = new BigDecimal("-12.500000000");
    assertEquals(expected, amount("int32 amount (DECIMAL(9,2))", -1250));
    assertEquals(expected, amount("int64 amount (DECIMAL(18,4))", -125_000L));
    assertEquals(expected, amount("binary amount (DECIMAL(30,1))", bytes(-125)));
    assertEquals(
        expected,
        amount(
            "fixed_len_byte_array(4) amount (DECIMAL(9,1))",
            Binary.fromConstantByteArray(ByteBuffer.allocate(4).putInt(-125).array())));
    assertEquals(new BigDecimal("0.100000000"), amount("double amount", 0.1));
    assertEquals(new BigDecimal("0.100000000"), amount("float amount", 0.1f));
    assertEquals(new BigDecimal("7.000000000"), amount("int64 amount", 7L));
    assertEquals(new BigDecimal("7.000000000"), amount("binary amount (DECIMAL(30,0))", bytes(7)));
    assertThrows(Refusal.class, () -> amount("double amount", Double.NaN));
    assertThrows(Refusal.class, () -> amount("int64 amount (DECIMAL(18,12))", 1L));
  }

  @Test
  public void integersAreTakenWholeUpToSixtyFourBits() throws Exception {
    assertEquals(-1L, value("count", "int32 count (INTEGER(8,true))", -1));
    assertEquals(4_294_967_295L, value("count", "int32 count (INTEGER(32,false))", -1));
    assertEquals(Long.MAX_VALUE, value("count", "int64 count", Long.MAX_VALUE));
    assertEquals(12L, value("count", "binary count (DECIMAL(38,0))", bytes(12)));
    assertThrows(Refusal.class, () -> value("count", "int64 count (INTEGER(64,false))", -1L));
  }

  @Test
  public void timesOfEveryUnitAreTheSameInstant() throws Exception {
    long expected = Timestamps.parse("1969-12-31T23:59:59.123000Z");
    assertEquals(expected, value("happened", "int64 happened (TIMESTAMP(MILLIS,true))", -877L));
    assertEquals(expected, value("happened", "int64 happened (TIMESTAMP(MICROS,true))", -877_000L));
    assertEquals(
        expected, value("happened", "int64 happened (TIMESTAMP(NANOS,true))", -877_000_000L));
    assertEquals(
        expected,
        value(
            "happened",
            "binary happened (STRING)",
            Binary.fromString("1970-01-01T01:59:59.123+02:00")));
    assertThrows(
        Refusal.class,
        () -> value("happened", "int64 happened (TIMESTAMP(NANOS,true))", -877_000_001L));
    assertThrows(
        Refusal.class,
        () -> value("happened", "int64 happened (TIMESTAMP(MILLIS,true))", Long.MAX_VALUE));
  }

  @Test
  public void aLocalTimeNeedsTheZoneThatAMappingNames() throws Exception {
    // 1 July 2011, 12:00 on somebody's clock.
    long noon = 1_309_521_600_000_000L;
    String local = "int64 happened (TIMESTAMP(MICROS,false))";
    assertRefused(
        FileRefusal.Code.WRONG_COLUMNS,
        "times without a zone",
        () -> value("happened", local, noon));
    Binary int96 =
        Binary.fromConstantByteArray(
            ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(12 * 3_600_000_000_000L)
                .putInt(2_455_744)
                .array());
    assertRefused(
        FileRefusal.Code.WRONG_COLUMNS,
        "times without a zone",
        () -> value("happened", "int96 happened", int96));
    Mapping british = withTime(new Mapping.Time("M/d/yyyy H:mm", "Europe/London"));
    long expected = Timestamps.parse("2011-07-01T11:00:00.000000Z");
    assertEquals(expected, value("happened", local, noon, british));
    assertEquals(
        expected, value("happened", "int96 happened", NanoTime.fromBinary(int96), british));
    // A file that does name the instant, or is text as in CSV, goes by the same mapping.
    String instant = "int64 happened (TIMESTAMP(MICROS,true))";
    assertEquals(noon, value("happened", instant, noon, british));
    assertEquals(
        expected,
        value(
            "happened", "binary happened (STRING)", Binary.fromString("7/1/2011 12:00"), british));
  }

  @Test
  public void aColumnOfATypeThatTheFieldIsNotMadeOfRefusesTheFile() throws Exception {
    assertRefused(
        FileRefusal.Code.WRONG_COLUMNS,
        "The column active holds TEXT, which BOOL is not made of.",
        () -> value("active", "binary active (STRING)", Binary.fromString("yes")));
    assertRefused(
        FileRefusal.Code.WRONG_COLUMNS,
        "The column count is of a type that no field has.",
        () -> value("count", "int32 count (TIME(MILLIS,true))", 5));
    assertRefused(
        FileRefusal.Code.WRONG_COLUMNS,
        "The column count is of a type that no field has.",
        () ->
            value(
                "count",
                "group count (LIST) { repeated group list { optional int64 element; } }",
                null));
  }

  @Test
  public void bytesThatAreNotTheTextTheyShouldBeRefuseTheRowAlone() throws Exception {
    Binary latin1 = Binary.fromConstantByteArray(new byte[] {'a', (byte) 0xe9});
    Refusal refused =
        assertThrows(Refusal.class, () -> value("email", "binary email (STRING)", latin1));
    assertEquals("email", refused.field());
  }

  private interface Reading {
    Object read() throws Exception;
  }

  private static void assertRefused(FileRefusal.Code code, String message, Reading reading) {
    FileRefusal refusal = assertThrows(FileRefusal.class, reading::read);
    assertEquals(code, refusal.code());
    assertTrue(refusal.getMessage(), refusal.getMessage().contains(message));
  }

  private Object amount(String column, Object value) throws Exception {
    return value("amount", column, value);
  }

  private Object value(String field, String column, Object value) throws Exception {
    return value(field, column, value, Mapping.identity(EVERY_TYPE));
  }

  /** What one field reads from a file of one row with one column. */
  private Object value(String field, String column, Object value, Mapping mapping)
      throws Exception {
    Consumer<Group> row =
        group -> {
          if (value instanceof Integer number) {
            group.append(field, number);
          } else if (value instanceof Long number) {
            group.append(field, number);
          } else if (value instanceof Double number) {
            group.append(field, number);
          } else if (value instanceof Float number) {
            group.append(field, number);
          } else if (value instanceof NanoTime time) {
            group.append(field, time);
          } else if (value instanceof Binary bytes && column.startsWith("int96")) {
            group.append(field, NanoTime.fromBinary(bytes));
          } else if (value instanceof Binary bytes) {
            group.append(field, bytes);
          }
        };
    String end = column.endsWith("}") ? "" : ";";
    Path file = write(ParquetSample.of(folder.getRoot().toPath(), "optional " + column + end, row));
    FieldRule rule =
        new FieldRule(
            mapping.rule(field).orElseThrow(), EVERY_TYPE.field(field).orElseThrow(), List.of());
    try (ParquetRows rows = new ParquetRows(StoredObject.open(file.toString()), List.of(rule))) {
      return rule.read(rows.next().row());
    }
  }

  private static Mapping withTime(Mapping.Time time) {
    Mapping.Rule rule = new Mapping.Rule("happened", "happened", null, null, null, time);
    return new Mapping(
        "every_type", Mapping.Csv.RFC_4180, null, List.of(), List.of(), List.of(rule));
  }

  private static List<Object[]> read(Contract contract, Path file) throws Exception {
    List<FieldRule> rules = new ArrayList<>();
    for (Mapping.Rule rule : Mapping.identity(contract).fields()) {
      rules.add(new FieldRule(rule, contract.field(rule.field()).orElseThrow(), List.of()));
    }
    List<Object[]> read = new ArrayList<>();
    try (ParquetRows rows = new ParquetRows(StoredObject.open(file.toString()), rules)) {
      for (RowSource.Entry entry = rows.next(); entry != null; entry = rows.next()) {
        SourceRow row = entry.row();
        assertEquals(read.size() + 1, entry.line());
        Object[] values = new Object[rules.size()];
        for (int i = 0; i < values.length; i++) {
          values[i] = rules.get(i).read(row);
        }
        read.add(values);
      }
    }
    return read;
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.newFile().toPath(), bytes);
  }

  private static Path sample(String name) throws Exception {
    return Path.of(ParquetRowsTest.class.getResource("/landing/" + name).toURI());
  }

  private static Binary bytes(long unscaled) {
    return Binary.fromConstantByteArray(BigInteger.valueOf(unscaled).toByteArray());
  }
}
