package dev.tributary.pipeline.lake;

/** A row's values by column, each as {@link LakeRow} holds it. */
@FunctionalInterface
public interface RowValues {
  Object value(int column);
}
