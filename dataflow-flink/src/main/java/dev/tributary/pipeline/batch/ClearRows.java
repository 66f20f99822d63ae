package dev.tributary.pipeline.batch;

import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.contract.Pii;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.pii.Protection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns rows in clear into processed rows. The value of a personal field is checked, then replaced,
 * and goes no further. A field that the pipeline looks up is in no file; it stays null.
 */
final class ClearRows {
  private final Contract contract;
  private final LandingFile file;
  private final Protection protection;
  private final List<FieldRule> rules;
  private final Set<String> known = new HashSet<>();

  ClearRows(Contract contract, LandingFile file, Protection protection) {
    this.contract = contract;
    this.file = file;
    this.protection = protection;
    Mapping mapping = file.mapping();
    this.rules =
        mapping.fields().stream()
            .map(
                rule ->
                    new FieldRule(
                        rule, contract.field(rule.field()).orElseThrow(), mapping.nulls()))
            .toList();
    known.addAll(mapping.used());
    known.addAll(mapping.ignore());
  }

  /** A row and when it happened, microseconds. */
  record Dated(LakeRow row, long eventTime) {}

  List<FieldRule> rules() {
    return rules;
  }

  /**
   * Checks the columns that every row of a file has: each is known, none is there twice, and none
   * is missing that a required field is made of.
   *
   * @throws FileRefusal WRONG_COLUMNS; it tells an unknown column's place, for its name may be a
   *     person's where a file lacks its first line
   */
  void checkColumns(List<String> columns) throws FileRefusal {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < columns.size(); i++) {
      String name = columns.get(i);
      if (!known.contains(name)) {
        throw wrong(
            "Column "
                + (i + 1)
                + " is none that "
                + contract.stream()
                + " has; name it in a mapping, to be read or ignored.");
      }
      if (!seen.add(name)) {
        throw wrong("The column " + name + " is there twice.");
      }
    }
    for (FieldRule rule : rules) {
      for (String name : rule.rule().columns()) {
        if (!seen.contains(name) && isRequired(rule.field())) {
          throw wrong("The column " + name + " is missing; " + rule.field().name() + " needs it.");
        }
      }
    }
  }

  /** One field's value, as the file has it; null where it cannot be read. */
  Object read(Field field, SourceRow source) {
    for (FieldRule rule : rules) {
      if (rule.field().name().equals(field.name())) {
        try {
          return rule.read(source);
        } catch (Refusal refusal) {
          return null;
        }
      }
    }
    return null;
  }

  /**
   * @throws Refusal naming the field that does not fit
   */
  Dated row(SourceRow source) throws Refusal {
    for (String column : source.cells().keySet()) {
      if (!known.contains(column)) {
        throw new Refusal(
            Reason.BAD_LINE,
            null,
            "The line has a member that the contract of " + contract.stream() + " does not.");
      }
    }
    Map<String, Object> clear = new HashMap<>();
    for (FieldRule rule : rules) {
      clear.put(rule.field().name(), rule.read(source));
    }
    return row(source.line(), clear);
  }

  private Dated row(long line, Map<String, Object> clear) throws Refusal {
    for (Field field : contract.fields()) {
      if (isRequired(field) && clear.get(field.name()) == null) {
        throw new Refusal(
            Reason.CONTRACT_VIOLATION,
            field.name(),
            field.name() + " is empty; " + field.type() + " is required");
      }
    }
    List<Field> stored = contract.storedFields();
    Object[] values = new Object[Table.metadataColumns() + stored.size()];
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
    return field.lookup() == null
        && (field.required() || contract.primaryKey().contains(field.name()));
  }

  private static FileRefusal wrong(String problem) {
    return new FileRefusal(FileRefusal.Code.WRONG_COLUMNS, problem);
  }
}
