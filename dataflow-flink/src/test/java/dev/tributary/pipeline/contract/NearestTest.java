package dev.tributary.pipeline.contract;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;

import com.fasterxml.jackson.databind.node.DecimalNode;
import dev.tributary.pipeline.Refusal;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.junit.Test;

public class NearestTest {
  private static final String MOST = "99999999999999999999999999999.999999999";

  @Test
  public void aDecimalIsRoundedOrTheLargestThereIs() {
    assertDecimal(MOST, "1e29");
    assertDecimal("-" + MOST, "-1e400000000");
    assertDecimal(MOST, MOST + "5");
    assertDecimal("0.000000000", "0.0000000004");
    assertDecimal("-0.000000001", "-0.0000000005");
    assertDecimal("1.234567890", "1.23456789012");
    assertNull(Nearest.ofNotFinite("NAN"));
    assertEquals(new BigDecimal("-" + MOST), Nearest.ofNotFinite("NEGATIVE_INFINITY"));
    assertEquals(new BigDecimal(MOST), Nearest.ofNotFinite("Infinity"));
  }

  @Test
  public void anIntegerAndATimeAreTheFirstOrTheLast() {
    assertEquals(
        BigInteger.valueOf(Long.MIN_VALUE),
        Nearest.integer(new BigInteger("-9223372036854775809")));
    assertEquals("9999-12-31", Nearest.date("-5877611-06-21Z"));
    assertEquals("0001-01-01", Nearest.date("-5877611-06-22Z"));
    assertEquals("0001-01-01", Nearest.date("0000-12-31Z"));
    assertEquals("9999-12-31T23:59:59.999999Z", Nearest.timestamp("infinity"));
    assertEquals("0001-01-01T00:00:00.000000Z", Nearest.timestamp("-infinity"));
  }

  @Test
  public void aFilesValueIsMappedAsItsContractSays() throws Refusal {
    FieldReader clamp = reader(FieldType.NUMERIC, OnUnrepresentable.CLAMP);
    assertEquals(new BigDecimal(MOST), clamp.readCell("Infinity"));
    assertEquals(new BigDecimal("0.000000001"), clamp.readCell("0.0000000014"));
    assertEquals(
        new BigDecimal("-" + MOST), clamp.readClear(DecimalNode.valueOf(new BigDecimal("-1e40"))));
    assertThrows(Refusal.class, () -> clamp.readCell("NaN"));
    FieldReader none = reader(FieldType.NUMERIC, OnUnrepresentable.NULL);
    assertNull(none.readCell("NaN"));
    assertEquals(
        Long.MAX_VALUE,
        reader(FieldType.INT64, OnUnrepresentable.CLAMP).readCell("9223372036854775808"));
    assertEquals(
        253_402_300_799_999_999L,
        reader(FieldType.TIMESTAMP, OnUnrepresentable.CLAMP).readCell("infinity"));
    assertEquals(-719_162, reader(FieldType.DATE, OnUnrepresentable.CLAMP).readCell("-infinity"));
    Refusal refused =
        assertThrows(Refusal.class, () -> reader(FieldType.DATE, null).readCell("infinity"));
    assertEquals(Refusal.Reason.UNREPRESENTABLE, refused.reason());
  }

  @Test
  public void theCompiledContractSaysSo() {
    Contract contract =
        Contracts.parse(
                """
                {"streams": {"s": {"stream": "s", "version": "1.0.0", "primaryKey": ["id"], "fields": [
                  {"name": "id", "type": "INT64", "required": true, "pii": "none"},
                  {"name": "a", "type": "DATE", "pii": "none", "onUnrepresentable": "null"},
                  {"name": "b", "type": "DATE", "pii": "none", "onUnrepresentable": "clamp"}]}}}
                """)
            .stream("s")
            .orElseThrow();
    assertNull(contract.field("id").orElseThrow().onUnrepresentable());
    assertEquals(OnUnrepresentable.NULL, contract.field("a").orElseThrow().onUnrepresentable());
    assertEquals(OnUnrepresentable.CLAMP, contract.field("b").orElseThrow().onUnrepresentable());
  }

  private static void assertDecimal(String expected, String value) {
    assertEquals(value, new BigDecimal(expected), Nearest.decimal(new BigDecimal(value)));
  }

  private static FieldReader reader(FieldType type, OnUnrepresentable rule) {
    return new FieldReader(
        new Field("value", type, false, Pii.NONE, null, null, null, null, null, null, rule, null));
  }
}
