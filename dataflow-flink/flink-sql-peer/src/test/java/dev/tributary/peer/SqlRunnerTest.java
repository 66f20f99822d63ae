package dev.tributary.peer;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.Test;

public class SqlRunnerTest {
  @Test
  public void aScriptIsItsStatementsWithPlaceholdersFilledIn() {
    String script = "-- a; comment\nSET 'a' = '${x}';\nSELECT\n  -- inside\n  ';' AS b;\n";
    assertEquals(
        List.of("SET 'a' = '$1'", "SELECT\n  ';' AS b"),
        SqlRunner.statements(script, Map.of("x", "$1")));
  }

  @Test
  public void aPlaceholderWithoutItsArgumentIsNamed() {
    var error =
        assertThrows(
            IllegalArgumentException.class,
            () -> SqlRunner.statements("SELECT ${lake};\n", Map.of()));
    assertEquals("--lake is missing", error.getMessage());
  }
}
