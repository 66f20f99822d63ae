package dev.tributary.pipeline.warehouse;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import dev.tributary.pipeline.ConfigurationException;
import java.util.List;
import org.junit.Test;

public class WarehouseDatasetTest {
  @Test
  public void aDatasetHasATableForEachStream() {
    assertEquals(
        "my-project:streamed.orders",
        WarehouseDataset.parse("my-project:streamed").table("orders"));
    assertEquals(
        new WarehouseDataset("example.com:my-project", "Streamed_2"),
        WarehouseDataset.parse("example.com:my-project:Streamed_2"));
  }

  @Test
  public void whatIsNoDatasetIsRefused() {
    for (String wrong :
        List.of("", "streamed", "my-project:", "my-project.streamed", "my-project:a-b", "p:d")) {
      assertEquals(
          wrong,
          "OPTION_INVALID",
          assertThrows(ConfigurationException.class, () -> WarehouseDataset.parse(wrong)).code());
    }
  }

  @Test
  public void theDatasetThatFilesAreLoadedIntoIsRefusedSoThatNoRowIsThereTwice() {
    ConfigurationException refused =
        assertThrows(
            ConfigurationException.class, () -> WarehouseDataset.parse("my-project:staging"));
    assertEquals("OPTION_INVALID", refused.code());
    assertTrue(refused.getMessage().contains("load-warehouse"));
  }
}
