package dev.tributary.pipeline.contract;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * A compiled contract: docs/interfaces.md#contracts.
 *
 * @param table the database table the stream is made of
 * @param primaryKey field names, in key order
 * @param eventTime the field holding the event time, or null where the commit time serves
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Contract(
    String stream,
    String version,
    SourceTable table,
    List<String> primaryKey,
    String eventTime,
    List<Field> fields)
    implements Serializable {

  /**
   * A table of the source database.
   *
   * @param schema Postgres' schema; of a MySQL source, its database
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record SourceTable(String schema, String name) implements Serializable {}

  /** The fields that exist outside the source database, in contract order. */
  public List<Field> storedFields() {
    return fields.stream().filter(field -> field.pii() != Pii.DROP).toList();
  }

  /** The field that says whose row it is. */
  public Optional<Field> subject() {
    return fields.stream().filter(field -> field.subject() != null).findFirst();
  }

  public Optional<Field> field(String name) {
    return fields.stream().filter(field -> field.name().equals(name)).findFirst();
  }
}
