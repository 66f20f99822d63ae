package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.contract.FieldReader;
import dev.tributary.pipeline.contract.Pii;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.pii.Protection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns lines in clear into processed rows. The value of a personal field is checked, then
 * replaced, and goes no further.
 */
final class ClearRows {
  private final Contract contract;
  private final LandingFile file;
  private final Protection protection;
  private final Map<String, FieldReader> readers = new HashMap<>();

  ClearRows(Contract contract, LandingFile file, Protection protection) {
    this.contract = contract;
    this.file = file;
    this.protection = protection;
    contract.fields().forEach(field -> readers.put(field.name(), new FieldReader(field)));
  }

  /** A row and when it happened, microseconds. */
  record Dated(LakeRow row, long eventTime) {}

  /**
   * Checks a header: every column is a field, none twice, and no required field is missing.
   *
   * @throws Refusal BAD_LINE naming the column; column names are not personal
   */
  void checkHeader(List<String> header) throws Refusal {
    Set<String> seen = new HashSet<>();
    for (String name : header) {
      if (!readers.containsKey(name)) {
        throw new Refusal(
            Reason.BAD_LINE,
            name,
            "The header has a column that the contract of " + contract.stream() + " does not.");
      }
      if (!seen.add(name)) {
        throw new Refusal(Reason.BAD_LINE, name, "The header names " + name + " twice.");
      }
    }
    for (Field field : contract.fields()) {
      if (isRequired(field) && !seen.contains(field.name())) {
        throw new Refusal(
            Reason.BAD_LINE, field.name(), "The header lacks " + field.name() + ", required.");
      }
    }
  }

  /**
   * @throws Refusal naming the field that does not fit
   */
  Dated fromCells(long line, List<String> header, List<String> cells) throws Refusal {
    if (cells.size() != header.size()) {
      throw new Refusal(
          Reason.BAD_LINE,
          null,
          "The line has " + cells.size() + " cells, the header " + header.size() + ".");
    }
    Map<String, Object> values = new HashMap<>();
    for (int i = 0; i < cells.size(); i++) {
      String name = header.get(i);
      values.put(name, readers.get(name).readCell(cells.get(i)));
    }
    return row(line, values);
  }

  /**
   * @throws Refusal naming the field that does not fit
   */
  Dated fromJson(long line, JsonNode object) throws Refusal {
    Map<String, Object> values = new HashMap<>();
    for (Iterator<Map.Entry<String, JsonNode>> members = object.fields(); members.hasNext(); ) {
      Map.Entry<String, JsonNode> member = members.next();
      FieldReader reader = readers.get(member.getKey());
      if (reader == null) {
        throw new Refusal(
            Reason.BAD_LINE,
            null,
            "The line has a member that the contract of " + contract.stream() + " does not.");
      }
      values.put(member.getKey(), reader.readClear(member.getValue()));
    }
    return row(line, values);
  }

  private Dated row(long line, Map<String, Object> clear) throws Refusal {
    List<Field> stored = contract.storedFields();
    Object[] values = new Object[Table.metadataColumns() + stored.size()];
    for (Field field : contract.fields()) {
      if (isRequired(field) && clear.get(field.name()) == null) {
        throw new Refusal(
            Reason.CONTRACT_VIOLATION,
            field.name(),
            field.name() + " is empty; " + field.type() + " is required");
      }
    }
    for (int i = 0; i < stored.size(); i++) {
      Field field = stored.get(i);
      Object value = clear.get(field.name());
      values[Table.metadataColumns() + i] =
          field.pii() == Pii.NONE || value == null
              ? value
              : protection.protect(field, value.toString());
    }
    String id =
        new Digest()
            .add(file.uri())
            .add(Long.toString(file.generation()))
            .add(Long.toString(line))
            .id();
    Object time = contract.eventTime() == null ? null : clear.get(contract.eventTime());
    long eventTime = time == null ? file.objectTime() : (Long) time;
    int i = 0;
    values[i++] = id;
    values[i++] = "r";
    values[i++] = null;
    values[i++] = null;
    values[i++] = file.objectTime();
    values[i++] = eventTime;
    values[i++] = null;
    values[i++] = contract.version();
    values[i++] = "batch";
    values[i++] = file.uri();
    values[i++] = file.generation();
    values[i] = line;
    return new Dated(new LakeRow(id, line, values), eventTime);
  }

  private boolean isRequired(Field field) {
    return field.required() || contract.primaryKey().contains(field.name());
  }
}
