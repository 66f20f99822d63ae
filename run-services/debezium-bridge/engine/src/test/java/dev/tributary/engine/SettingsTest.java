package dev.tributary.engine;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.Test;

public class SettingsTest {
  private static final Map<String, String> ENV =
      Map.of(
          "PGHOST", "db", "PGUSER", "u", "PGPASSWORD", "secret", "BRIDGE_URL", "http://b/batches");

  private static Settings with(String name, String value) {
    Map<String, String> env = new HashMap<>(ENV);
    env.put(name, value);
    return Settings.from(env);
  }

  @Test
  public void tablesOfThePublicationAreFollowedByTheirExactNames() {
    Properties p = Settings.from(ENV).debezium(List.of("shop.orders", "shop.order_lines"));
    assertEquals("\\Qshop.orders\\E,\\Qshop.order_lines\\E", p.get("table.include.list"));
  }

  @Test
  public void aGivenTableListWins() {
    Properties p = with("TABLE_INCLUDE_LIST", "shop.o.*").debezium(List.of("shop.customers"));
    assertEquals("shop.o.*", p.get("table.include.list"));
  }

  @Test
  public void whatIsMissingOrWrongIsNamed() {
    for (Map.Entry<String, String> wrong :
        Map.of(
                "PGHOST", "",
                "PGPORT", "abc",
                "HEARTBEAT_MS", "-1",
                "SLOT_NAME", "a'b",
                "OFFSETS_TABLE", "x; DROP TABLE y")
            .entrySet()) {
      UserError error = assertThrows(UserError.class, () -> with(wrong.getKey(), wrong.getValue()));
      assertTrue(error.getMessage(), error.getMessage().startsWith(wrong.getKey() + " is "));
    }
  }
}
