package dev.tributary.engine;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;

import java.util.List;
import org.junit.Test;

public class PostgresArrayTest {
  /** Element type, Postgres' text, JSON. */
  private static final List<String[]> ARRAYS =
      List.of(
          row("text", "{}", "[]"),
          row("text", "{a,NULL,\"NULL\",\"\",\"b,c\"}", "[\"a\",null,\"NULL\",\"\",\"b,c\"]"),
          row("text", "{\"{\\\"x\\\\\",\"naïve ☂\"}", "[\"{\\\"x\\\\\",\"naïve ☂\"]"),
          row("int4", "{{1,2},{3,NULL}}", "[[1,2],[3,null]]"),
          row(
              "int8",
              "[0:1]={-9223372036854775808,9223372036854775807}",
              "[-9223372036854775808,9223372036854775807]"),
          row(
              "float8",
              "{0.1,1e+22,-0,NaN,Infinity,-Infinity,5e-324}",
              "[0.1,1e+22,-0,\"NaN\",\"Infinity\",\"-Infinity\",5e-324]"),
          row("numeric", "{1.50,NaN,NULL}", "[\"1.50\",\"NaN\",null]"),
          row("bool", "{t,f,NULL}", "[true,false,null]"),
          row("bytea", "{\"\\\\x0001ff\",\"\\\\x\"}", "[\"AAH/\",\"\"]"),
          row(
              "date",
              "{2026-01-01,infinity,\"0044-03-15 BC\",10000-01-01}",
              "[\"2026-01-01\",\"infinity\",\"0044-03-15 BC\",\"10000-01-01\"]"),
          row(
              "timestamp",
              "{\"2026-01-01 00:00:00.000001\",-infinity}",
              "[\"2026-01-01T00:00:00.000001Z\",\"-infinity\"]"),
          row(
              "timestamptz",
              "{\"2026-01-01 00:30:00.5+02\",\"2026-01-01 00:00:00+05:30\",\"0001-01-01 00:00:00+00 BC\"}",
              "[\"2025-12-31T22:30:00.500000Z\",\"2025-12-31T18:30:00.000000Z\",\"0001-01-01 00:00:00+00 BC\"]"),
          row(
              "timestamptz",
              "{\"1890-01-01 00:00:00+00:53:28\"}",
              "[\"1889-12-31T23:06:32.000000Z\"]"),
          row("box", "{(1,2),(0,0);(3,4),(0,0)}", "[\"(1,2),(0,0)\",\"(3,4),(0,0)\"]"),
          row(
              "jsonb",
              "{\"{\\\"a\\\": 12345678901234567890}\"}",
              "[\"{\\\"a\\\": 12345678901234567890}\"]"));

  private static String[] row(String... cells) {
    return cells;
  }

  @Test
  public void anArrayBecomesJsonWithEveryElementExact() {
    for (String[] array : ARRAYS) {
      assertEquals(array[1], array[2], PostgresArray.toJson(array[0], array[1]));
    }
  }

  @Test
  public void whatIsNoArrayIsRefusedWithoutQuotingIt() {
    for (String text : List.of("", "secret", "{secret", "{secret}x", "{\"secret")) {
      IllegalArgumentException refused =
          assertThrows(
              text, IllegalArgumentException.class, () -> PostgresArray.toJson("text", text));
      assertFalse(refused.getMessage().contains("secret"));
    }
  }
}
