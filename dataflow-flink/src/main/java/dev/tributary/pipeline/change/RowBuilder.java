package dev.tributary.pipeline.change;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.tributary.pipeline.Refusal;
import dev.tributary.pipeline.Refusal.Reason;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.contract.FieldReader;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Table;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Makes processed rows of one stream from change events. */
public final class RowBuilder {
  private static final BigInteger MAX_INT64 = BigInteger.valueOf(Long.MAX_VALUE);

  private final Contract contract;
  private final List<FieldReader> readers;
  private final Map<String, FieldReader> byName;
  private final int eventTimeColumn;

  public RowBuilder(Contract contract) {
    this.contract = contract;
    this.readers = contract.storedFields().stream().map(FieldReader::new).toList();
    this.byName =
        readers.stream()
            .filter(reader -> reader.field().lookup() == null)
            .collect(Collectors.toMap(r -> r.field().name(), Function.identity()));
    int column = -1;
    for (int i = 0; i < readers.size(); i++) {
      if (readers.get(i).field().name().equals(contract.eventTime())) {
        column = Table.metadataColumns() + i;
      }
    }
    this.eventTimeColumn = column;
  }

  /** A row and when it happened: the contract's event time, else the commit time; microseconds. */
  public record Dated(LakeRow row, long eventTime) {}

  /**
   * @throws Refusal naming the field that does not fit
   */
  public Dated build(Envelope event) throws Refusal {
    Object[] values = new Object[Table.metadataColumns() + readers.size()];
    StringJoiner absent = new StringJoiner(",");
    switch (event.op()) {
      case 'c', 'r' -> fill(event, event.after(), true, values, absent);
      case 'u' -> fill(event, event.after(), false, values, absent);
      case 'd' -> fillDeleted(event, values);
      default -> {
        // A truncate has no row.
      }
    }
    Object time = eventTimeColumn < 0 ? null : values[eventTimeColumn];
    long eventTime = time == null ? event.sourceTime() : (Long) time;
    int i = 0;
    values[i++] = event.eventId();
    values[i++] = String.valueOf(event.op());
    values[i++] = int64(event.lsn(), "source.lsn");
    values[i++] = int64(event.tx(), "source.tx");
    values[i++] = event.sourceTime();
    values[i++] = eventTime;
    values[i++] = event.ingestedAt();
    values[i++] = event.contractVersion();
    values[i++] = "stream";
    // The three batch columns stay null.
    values[i + 3] = absent.length() == 0 ? null : absent.toString();
    return new Dated(new LakeRow(event.eventId(), 0, values), eventTime);
  }

  /**
   * @param complete required fields must be there; otherwise an absent one keeps its old value, and
   *     only the key must be there
   */
  private void fill(
      Envelope event, JsonNode row, boolean complete, Object[] values, StringJoiner absent)
      throws Refusal {
    onlyKnownFields(row);
    for (int i = 0; i < readers.size(); i++) {
      FieldReader reader = readers.get(i);
      Field field = reader.field();
      if (field.lookup() != null) {
        // No row of the source has it: filled later, and not a value that stays as it was.
        continue;
      }
      JsonNode node = row.path(field.name());
      boolean isKey = contract.primaryKey().contains(field.name());
      if (node.isMissingNode() && isKey) {
        node = event.key().path(field.name());
      }
      if (node.isMissingNode()) {
        if (isKey || (complete && field.required())) {
          throw violation(field, "is absent");
        }
        absent.add(field.name());
        continue;
      }
      if (node.isNull() && (isKey || field.required())) {
        throw violation(field, "is null");
      }
      values[Table.metadataColumns() + i] = reader.readStored(node);
    }
  }

  /**
   * A delete is honoured whatever the row was: only its key must fit, and an old value that breaks
   * today's contract is left out.
   */
  private void fillDeleted(Envelope event, Object[] values) throws Refusal {
    JsonNode before = event.before() == null ? MissingNode.getInstance() : event.before();
    onlyKnownFields(before);
    for (int i = 0; i < readers.size(); i++) {
      FieldReader reader = readers.get(i);
      Field field = reader.field();
      if (field.lookup() != null) {
        continue;
      }
      if (contract.primaryKey().contains(field.name())) {
        JsonNode node = event.key().path(field.name());
        if (node.isMissingNode() || node.isNull()) {
          throw violation(field, "is absent");
        }
        values[Table.metadataColumns() + i] = reader.readStored(node);
        continue;
      }
      JsonNode node = before.path(field.name());
      if (!node.isMissingNode()) {
        try {
          values[Table.metadataColumns() + i] = reader.readStored(node);
        } catch (Refusal e) {
          values[Table.metadataColumns() + i] = null;
        }
      }
    }
  }

  private void onlyKnownFields(JsonNode row) throws Refusal {
    for (Iterator<String> names = row.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!byName.containsKey(name)) {
        throw new UnknownField(name, contract.stream()).refusal();
      }
    }
  }

  private static Long int64(BigInteger value, String field) throws Refusal {
    if (value.compareTo(MAX_INT64) > 0) {
      throw new Refusal(Reason.UNREPRESENTABLE, field, field + " does not fit 64 bits");
    }
    return value.longValue();
  }

  private static Refusal violation(Field field, String problem) {
    return new Refusal(
        Reason.CONTRACT_VIOLATION,
        field.name(),
        field.name() + " " + problem + "; " + field.type() + " is required");
  }

  /** A field that may hold anything, also clear PII. */
  private record UnknownField(String name, String stream) {
    Refusal refusal() {
      return new Refusal(
          Reason.CONTRACT_VIOLATION,
          name,
          name + " is not in the contract of " + stream + " that the pipeline carries");
    }
  }
}
