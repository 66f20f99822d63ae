package dev.tributary.pipeline.contract;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.Serializable;
import java.math.BigDecimal;
import java.util.List;

/**
 * A field of a compiled contract.
 *
 * @param maskKeep which harmless part a masked value keeps; null unless {@code pii} is mask
 * @param enumeration the values allowed, or null
 * @param min the smallest value allowed, inclusive, or null
 * @param max the largest value allowed, inclusive, or null
 * @param pattern a regular expression found in every value, or null
 * @param lookup where the pipeline looks the value up, or null where the source has it
 * @param onUnrepresentable null where such a value makes its row a dead letter
 * @param subject what the value is the number or name of, such as {@code customer}, where the row
 *     is about one that can ask to be forgotten; or null
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Field(
    String name,
    FieldType type,
    boolean required,
    Pii pii,
    String maskKeep,
    @JsonProperty("enum") List<String> enumeration,
    BigDecimal min,
    BigDecimal max,
    String pattern,
    Lookup lookup,
    OnUnrepresentable onUnrepresentable,
    String subject)
    implements Serializable {

  /** A field whose values its column can hold, or else its row is a dead letter. */
  public Field(
      String name,
      FieldType type,
      boolean required,
      Pii pii,
      String maskKeep,
      List<String> enumeration,
      BigDecimal min,
      BigDecimal max,
      String pattern,
      Lookup lookup) {
    this(name, type, required, pii, maskKeep, enumeration, min, max, pattern, lookup, null, null);
  }

  /**
   * A field that no source row and no file has: the pipeline fills it from another stream.
   *
   * @param stream whose rows are looked up
   * @param by this stream's field that holds the other's key
   * @param field the other stream's field whose value is taken
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Lookup(String stream, String by, String field) implements Serializable {}
}
