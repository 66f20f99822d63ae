package dev.tributary.pipeline.change.debezium;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.contract.Pii;
import dev.tributary.pipeline.pii.Protection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/** Decodes rows of one contract's table, as {@code run-services/debezium-bridge/src/row.ts}. */
final class RowDecoder {
  private final Contract contract;
  private final Protection protection;
  private final Map<String, Field> fields = new HashMap<>();
  private final boolean personal;

  RowDecoder(Contract contract, Protection protection) {
    this.contract = contract;
    this.protection = protection;
    // A field that is looked up comes from no table: a column of its name is an unknown one.
    contract.fields().stream()
        .filter(field -> field.lookup() == null)
        .forEach(field -> fields.put(field.name(), field));
    this.personal = contract.fields().stream().anyMatch(field -> field.pii() != Pii.NONE);
  }

  /**
   * @param row in the wire encoding, in clear; unchanged large values are absent
   * @param partial a large value was left out: required fields may be absent
   * @param unknown the row has columns that no contract knows
   * @param fault the first value that cannot go on the wire, or null
   */
  record Decoded(ObjectNode row, boolean partial, boolean unknown, Refusal fault) {}

  Contract contract() {
    return contract;
  }

  /** Whether the table has fields that are not for everyone. */
  boolean personal() {
    return personal;
  }

  /**
   * @param schema the row's, or null
   */
  Decoded decode(JsonNode source, ConnectSchema schema, ValueOrigin origin) {
    ObjectNode row = JsonNodeFactory.instance.objectNode();
    boolean partial = false;
    boolean unknown = false;
    Refusal fault = null;
    for (Iterator<Map.Entry<String, JsonNode>> cells = source.fields(); cells.hasNext(); ) {
      Map.Entry<String, JsonNode> cell = cells.next();
      String name = cell.getKey();
      Field field = fields.get(name);
      if (UnavailableValue.is(cell.getValue())) {
        partial = true;
      } else if (field == null) {
        unknown = true;
      } else {
        try {
          ConnectSchema column = schema == null ? null : schema.field(name);
          row.set(name, WireValue.of(field, column, cell.getValue(), origin));
        } catch (Refusal refusal) {
          fault = fault == null ? refusal : fault;
        }
      }
    }
    return new Decoded(row, partial, unknown, fault);
  }

  /**
   * The row before a change. It is what the database held, so it is no place to complain: values
   * that cannot go on the wire are absent. Where the table's REPLICA IDENTITY is its key, Debezium
   * writes null for every other column; those are not nulls but unknown.
   */
  Decoded decodeBefore(JsonNode source, ConnectSchema schema, ValueOrigin origin) {
    Decoded decoded = decode(source, schema, origin);
    ObjectNode row = decoded.row;
    boolean keyOnly = true;
    for (Iterator<Map.Entry<String, JsonNode>> cells = row.fields(); cells.hasNext(); ) {
      Map.Entry<String, JsonNode> cell = cells.next();
      keyOnly &= cell.getValue().isNull() || contract.primaryKey().contains(cell.getKey());
    }
    return new Decoded(
        keyOnly ? row.retain(contract.primaryKey()) : row, decoded.partial, decoded.unknown, null);
  }

  /**
   * A required field that a whole row lacks.
   *
   * @throws Refusal CONTRACT_VIOLATION naming it
   */
  void requireWhole(ObjectNode row) throws Refusal {
    for (Field field : fields.values()) {
      if (field.required() && field.pii() != Pii.DROP && !row.has(field.name())) {
        throw new Refusal(
            Reason.CONTRACT_VIOLATION,
            field.name(),
            field.name() + " is absent; " + field.type() + " is required");
      }
    }
  }

  /** The row as it may be stored: personal values replaced, dropped fields gone. */
  ObjectNode protect(ObjectNode row) {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    for (Field field : contract.storedFields()) {
      JsonNode value = row.path(field.name());
      if (value.isMissingNode()) {
        continue;
      }
      result.set(
          field.name(),
          field.pii() == Pii.NONE || value.isNull()
              ? value
              : TextNode.valueOf(protection.protect(field, value.textValue())));
    }
    return result;
  }
}
