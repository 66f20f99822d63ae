package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.contract.FieldType;
import java.io.Serializable;

/**
 * A column of a lake file. All columns are optional.
 *
 * @param type INT32 where {@code null}: the bus partition, the only column no contract type fits
 */
public record Column(String name, FieldType type) implements Serializable {}
