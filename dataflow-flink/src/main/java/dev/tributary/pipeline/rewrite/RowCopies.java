package dev.tributary.pipeline.rewrite;

import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.LakeRow;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Tells whether rows are copies of one another.
 *
 * <p>The bridge may take a change twice, after a crash: the same event then has another {@code
 * _ingested_at} and nothing else. The copy taken first counts, here as in the warehouse.
 */
public final class RowCopies {
  private static final String INGESTED_AT = "_ingested_at";
  private static final LakeRow.Coder CODER = new LakeRow.Coder();

  private final int ingestedAt;

  public RowCopies(List<Column> columns) {
    int found = -1;
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(INGESTED_AT)) {
        found = i;
      }
    }
    ingestedAt = found;
  }

  /** Equal for copies of a row and for nothing else; 32 hex digits. */
  public String fingerprint(Object[] values) {
    Object[] content = values.clone();
    if (ingestedAt >= 0) {
      content[ingestedAt] = null;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try {
      CODER.encode(new LakeRow("", 0, content), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("memory is always writable", e);
    }
    return new Digest().add(bytes.toByteArray()).id();
  }

  /** When the bridge took the row; the smallest number where the table does not say. */
  public long ingestedAt(Object[] values) {
    return ingestedAt < 0 || values[ingestedAt] == null
        ? Long.MIN_VALUE
        : (Long) values[ingestedAt];
  }
}
