package dev.tributary.pipeline.contract;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
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
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Field(
    String name,
    FieldType type,
    boolean required,
    Pii pii,
    String maskKeep,
    @com.fasterxml.jackson.annotation.JsonProperty("enum") List<String> enumeration,
    BigDecimal min,
    BigDecimal max,
    String pattern)
    implements Serializable {}
