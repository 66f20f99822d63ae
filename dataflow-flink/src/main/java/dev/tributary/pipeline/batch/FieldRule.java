package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.contract.FieldReader;
import dev.tributary.pipeline.contract.FieldType;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes one field's clear value out of a row of a file, and checks it by the contract. */
final class FieldRule {
  private final Mapping.Rule rule;
  private final FieldReader reader;
  private final Set<String> nulls;
  private final List<Pattern> matches = new ArrayList<>();
  private final FileTime time;

  /**
   * @throws IllegalArgumentException when a pattern or a format is none
   * @throws DateTimeException when a zone is none
   */
  FieldRule(Mapping.Rule rule, Field field, List<String> nulls) {
    this.rule = rule;
    this.reader = new FieldReader(field);
    this.nulls = Set.copyOf(nulls);
    if (rule.values() != null) {
      rule.values().forEach(value -> matches.add(Pattern.compile(value.match())));
    }
    this.time = rule.time() == null ? null : new FileTime(rule.time());
  }

  Field field() {
    return reader.field();
  }

  Mapping.Rule rule() {
    return rule;
  }

  /** Whether it may read a column of this kind. */
  boolean takes(CellKind kind) {
    if (rule.column() == null || rule.values() != null) {
      return true;
    }
    if (time != null) {
      return switch (kind) {
        case TEXT, INTEGER, INSTANT -> true;
        case LOCAL_TIME -> time.hasZone();
        default -> false;
      };
    }
    return switch (field().type()) {
      case STRING -> kind == CellKind.TEXT || kind == CellKind.BINARY;
      case BYTES -> kind == CellKind.BINARY || kind == CellKind.TEXT;
      case JSON -> kind == CellKind.TEXT;
      case INT64 -> kind == CellKind.INTEGER || kind == CellKind.TEXT;
      case NUMERIC, FLOAT64 ->
          kind == CellKind.INTEGER
              || kind == CellKind.DECIMAL
              || kind == CellKind.REAL
              || kind == CellKind.TEXT;
      case BOOL -> kind == CellKind.BOOL;
      case TIMESTAMP -> kind == CellKind.INSTANT || kind == CellKind.TEXT;
      case DATE -> kind == CellKind.DATE || kind == CellKind.TEXT;
    };
  }

  /**
   * The field's value, or null.
   *
   * @throws Refusal naming the field that does not fit
   */
  Object read(SourceRow row) throws Refusal {
    if (rule.constant() != null) {
      return reader.readCell(rule.constant());
    }
    if (rule.template() != null) {
      return reader.readCell(filled(row));
    }
    JsonNode cell = row.cells().get(rule.column());
    if (isNull(cell)) {
      return null;
    }
    if (matches.isEmpty() && time == null) {
      return row.isText() ? reader.readCell(cell.textValue()) : reader.readClear(plain(cell));
    }
    if (time != null && matches.isEmpty() && Cells.isLocalTime(cell)) {
      return timed(cell, null);
    }
    String text = matches.isEmpty() ? Cells.text(cell) : translated(Cells.text(cell));
    if (text.isEmpty()) {
      return null;
    }
    return time == null || Cells.isInstant(cell) ? reader.readCell(text) : timed(cell, text);
  }

  private boolean isNull(JsonNode cell) {
    return cell == null || cell.isNull() || (cell.isTextual() && nulls.contains(cell.textValue()));
  }

  private Object timed(JsonNode cell, String text) throws Refusal {
    try {
      return text == null ? time.at(Cells.localTime(cell)) : time.parse(text);
    } catch (DateTimeException e) {
      throw violation("is not a time as the mapping has it");
    }
  }

  private String translated(String text) throws Refusal {
    for (int i = 0; i < matches.size(); i++) {
      Matcher match = matches.get(i).matcher(text);
      if (match.matches()) {
        StringBuilder to = new StringBuilder();
        match.appendReplacement(to, rule.values().get(i).to());
        return to.toString();
      }
    }
    throw violation("is none of the values that the mapping knows");
  }

  private String filled(SourceRow row) throws Refusal {
    StringBuilder text = new StringBuilder();
    Matcher placeholders = Mapping.PLACEHOLDER.matcher(rule.template());
    while (placeholders.find()) {
      String name = placeholders.group(1);
      String value;
      if (name.equals(Mapping.LINE)) {
        value = Long.toString(row.line());
      } else {
        JsonNode cell = row.cells().get(name);
        if (isNull(cell) || Cells.text(cell).isEmpty()) {
          throw violation("is made of " + name + ", which is empty");
        }
        value = Cells.text(cell);
      }
      placeholders.appendReplacement(text, Matcher.quoteReplacement(value));
    }
    return placeholders.appendTail(text).toString();
  }

  /** A typed cell as the field's reader takes it. */
  private JsonNode plain(JsonNode cell) throws Refusal {
    if (cell.isPojo()) {
      return TextNode.valueOf(Cells.text(cell));
    }
    if (cell.isBinary() && field().type() == FieldType.BYTES) {
      return TextNode.valueOf(cell.asText());
    }
    if (cell.isBinary()) {
      throw violation("is not text in UTF-8");
    }
    if (cell.isFloat() && field().type() == FieldType.NUMERIC) {
      // The shortest decimal that stands for it, as everybody prints it.
      return DecimalNode.valueOf(new BigDecimal(Float.toString(cell.floatValue())));
    }
    return cell;
  }

  private Refusal violation(String rule) {
    return new Refusal(Reason.CONTRACT_VIOLATION, field().name(), field().name() + " " + rule);
  }
}
