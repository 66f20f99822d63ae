package dev.tributary.pipeline.contract;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;

import java.util.List;
import org.junit.Test;

public class ContractsTest {
  @Test
  public void aFieldThatIsLookedUpIsStoredLikeAnyOther() {
    Contract contract =
        Contracts.parse(
                """
                {"streams": {"lines": {"stream": "lines", "version": "1.0.0", "primaryKey": ["line_id"],
                  "eventTime": null, "fields": [
                    {"name": "line_id", "type": "STRING", "required": true, "pii": "none"},
                    {"name": "category", "type": "STRING", "required": false, "pii": "none",
                     "lookup": {"stream": "products", "by": "product_id", "field": "category", "later": 1}}]}}}
                """)
            .stream("lines")
            .orElseThrow();
    assertEquals(
        List.of("line_id", "category"), contract.storedFields().stream().map(Field::name).toList());
    assertNull(contract.field("line_id").orElseThrow().lookup());
    assertEquals(
        new Field.Lookup("products", "product_id", "category"),
        contract.field("category").orElseThrow().lookup());
  }
}
