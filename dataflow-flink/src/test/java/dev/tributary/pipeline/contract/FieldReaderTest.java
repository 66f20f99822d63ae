package dev.tributary.pipeline.contract;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.StrictJson;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.Test;

public class FieldReaderTest {
  @Test
  public void numericIsExactToTheLastOfItsDigits() throws Refusal {
    FieldReader numeric = reader(FieldType.NUMERIC);
    assertEquals(new BigDecimal("0.100000000"), numeric.readStored(json("\"0.1\"")));
    assertEquals(
        new BigDecimal("99999999999999999999999999999.999999999"),
        numeric.readStored(json("\"99999999999999999999999999999.999999999\"")));
    assertEquals(new BigDecimal("-12.500000000"), numeric.readStored(json("\"-12.50\"")));
    assertEquals(new BigDecimal("1.000000000"), numeric.readStored(json("\"1.0000000000000\"")));
  }

  @Test
  public void numericThatWouldLoseDigitsIsUnrepresentable() {
    assertRefused(Reason.UNREPRESENTABLE, FieldType.NUMERIC, "\"0.0000000001\"");
    assertRefused(Reason.UNREPRESENTABLE, FieldType.NUMERIC, "\"100000000000000000000000000000\"");
  }

  @Test
  public void numericIsTextWithoutExponentOnTheWire() {
    assertRefused(Reason.CONTRACT_VIOLATION, FieldType.NUMERIC, "12.5");
    assertRefused(Reason.CONTRACT_VIOLATION, FieldType.NUMERIC, "\"1e3\"");
    assertRefused(Reason.CONTRACT_VIOLATION, FieldType.NUMERIC, "\"NaN\"");
  }

  @Test
  public void int64IsReadFromLiteralAndTextAlike() throws Refusal {
    FieldReader int64 = reader(FieldType.INT64);
    assertEquals(9007199254740991L, int64.readStored(json("9007199254740991")));
    assertEquals(Long.MIN_VALUE, int64.readStored(json("\"-9223372036854775808\"")));
    assertRefused(Reason.UNREPRESENTABLE, FieldType.INT64, "\"9223372036854775808\"");
    assertRefused(Reason.CONTRACT_VIOLATION, FieldType.INT64, "1.5");
  }

  @Test
  public void aTimestampHasSixDigitsAndUtcOnTheWireAndAnyZoneInAFile() throws Refusal {
    FieldReader timestamp = reader(FieldType.TIMESTAMP);
    assertEquals(1_234_567L, timestamp.readStored(json("\"1970-01-01T00:00:01.234567Z\"")));
    assertEquals(-1L, timestamp.readStored(json("\"1969-12-31T23:59:59.999999Z\"")));
    assertRefused(Reason.CONTRACT_VIOLATION, FieldType.TIMESTAMP, "\"1970-01-01T00:00:01Z\"");
    assertRefused(
        Reason.CONTRACT_VIOLATION, FieldType.TIMESTAMP, "\"2026-02-30T00:00:00.000000Z\"");
    assertEquals(1_000_000L, timestamp.readCell("1970-01-01T02:00:01+02:00"));
    assertEquals(1_000_000L, timestamp.readCell("1970-01-01 00:00:01Z"));
    assertThrows(Refusal.class, () -> timestamp.readCell("1970-01-01T00:00:01"));
  }

  @Test
  public void floatsMayBeInfiniteAndNullStaysNull() throws Refusal {
    FieldReader real = reader(FieldType.FLOAT64);
    assertEquals(Double.NaN, real.readStored(json("\"NaN\"")));
    assertEquals(Double.NEGATIVE_INFINITY, real.readStored(json("\"-Infinity\"")));
    assertEquals(0.1, real.readStored(json("0.1")));
    assertEquals(-0.0, real.readStored(json("\"-0\"")));
    assertEquals(Double.MIN_VALUE, real.readStored(json("4.9E-324")));
    assertNull(real.readStored(NullNode.getInstance()));
    assertNull(real.readCell(""));
  }

  @Test
  public void rulesOfTheContractAreCheckedOnClearValuesAndNotOnTokens() throws Refusal {
    Field email =
        new Field(
            "email",
            FieldType.STRING,
            false,
            Pii.TOKENIZE,
            null,
            null,
            null,
            null,
            "^[^@]+@[^@]+$",
            null);
    FieldReader reader = new FieldReader(email);
    assertEquals("tok_v1_x", reader.readStored(json("\"tok_v1_x\"")));
    assertEquals("a@b", reader.readCell("a@b"));
    Refusal refused = assertThrows(Refusal.class, () -> reader.readCell("nobody"));
    assertEquals("email", refused.field());
    assertEquals("email does not match its pattern", refused.getMessage());
  }

  @Test
  public void rangesAreInclusiveAndEnumsClosed() throws Refusal {
    FieldReader quantity =
        new FieldReader(
            new Field(
                "quantity",
                FieldType.INT64,
                true,
                Pii.NONE,
                null,
                null,
                BigDecimal.ONE,
                BigDecimal.TEN,
                null,
                null));
    assertEquals(1L, quantity.readStored(json("1")));
    assertEquals(10L, quantity.readStored(json("10")));
    assertThrows(Refusal.class, () -> quantity.readStored(json("0")));
    assertThrows(Refusal.class, () -> quantity.readStored(json("11")));
    FieldReader kind =
        new FieldReader(
            new Field(
                "kind",
                FieldType.STRING,
                true,
                Pii.NONE,
                null,
                List.of("purchase", "return"),
                null,
                null,
                null,
                null));
    assertEquals("return", kind.readStored(json("\"return\"")));
    assertThrows(Refusal.class, () -> kind.readStored(json("\"Return\"")));
  }

  private static void assertRefused(Reason reason, FieldType type, String json) {
    Refusal refused = assertThrows(json, Refusal.class, () -> reader(type).readStored(json(json)));
    assertEquals(json, reason, refused.reason());
    assertEquals("value", refused.field());
  }

  private static FieldReader reader(FieldType type) {
    return new FieldReader(
        new Field("value", type, false, Pii.NONE, null, null, null, null, null, null));
  }

  private static JsonNode json(String value) {
    try {
      return StrictJson.readObject(
              ("{\"v\":" + value + "}").getBytes(StandardCharsets.UTF_8), "test")
          .get("v");
    } catch (Refusal e) {
      throw new AssertionError(e);
    }
  }
}
