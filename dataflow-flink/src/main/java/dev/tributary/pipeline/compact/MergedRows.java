package dev.tributary.pipeline.compact;

import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.ParquetRows;
import dev.tributary.pipeline.rewrite.RowCopies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.TreeMap;

/**
 * The rows of several files, one file after the other, each row once.
 *
 * <p>Rows are handed out as they are read, a row group at a time. Which ids occur more than once is
 * found before, from the ids alone and 8 bytes of each; rows of those few ids are kept until the
 * end and come there, in the order of their ids. Of copies of one row the one taken first stays;
 * rows of one id that are no copies all stay, because which one is right is not known here, and so
 * does what has no id.
 */
final class MergedRows implements Iterable<LakeRow> {
  private static final int ID_DIGITS = 16;

  private final List<byte[]> files;
  private final String idName;
  private final int idColumn;
  private final RowCopies copies;
  private final long[] repeated;
  private long written;

  /**
   * @param columns those of all the files
   */
  MergedRows(List<Column> columns, List<byte[]> files) throws IOException {
    this.files = files;
    this.copies = new RowCopies(columns);
    List<String> names = columns.stream().map(Column::name).toList();
    this.idName = names.contains("_event_id") ? "_event_id" : "event_id";
    this.idColumn = names.indexOf(idName);
    this.repeated = repeated();
  }

  /** Rows handed out by the last pass. */
  long written() {
    return written;
  }

  @Override
  public Iterator<LakeRow> iterator() {
    written = 0;
    return new Rows();
  }

  /** The first half of every id that occurs more than once, sorted; now and then of another. */
  private long[] repeated() throws IOException {
    long[] all = new long[1 << 10];
    int count = 0;
    for (byte[] file : files) {
      try (ParquetRows ids = ParquetRows.openOnly(file, idName)) {
        for (Object[] row = ids.next(); row != null; row = ids.next()) {
          if (row[0] != null) {
            if (count == all.length) {
              all = Arrays.copyOf(all, 2 * count);
            }
            all[count++] = half((String) row[0]);
          }
        }
      }
    }
    Arrays.sort(all, 0, count);
    int kept = 0;
    for (int i = 1; i < count; i++) {
      if (all[i] == all[i - 1] && (kept == 0 || all[kept - 1] != all[i])) {
        all[kept++] = all[i];
      }
    }
    return Arrays.copyOf(all, kept);
  }

  private static long half(String id) {
    return Long.parseUnsignedLong(id, 0, ID_DIGITS, 16);
  }

  private boolean mayRepeat(Object[] row) {
    return row[idColumn] != null
        && Arrays.binarySearch(repeated, half((String) row[idColumn])) >= 0;
  }

  private final class Rows implements Iterator<LakeRow> {
    private final Iterator<byte[]> unread = files.iterator();

    /** By id and content, of ids that may occur again. */
    private final TreeMap<String, Object[]> kept = new TreeMap<>();

    private ParquetRows current;
    private Object[] next;

    Rows() {
      advance();
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public LakeRow next() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      Object[] row = next;
      advance();
      written++;
      return new LakeRow(row[idColumn] == null ? "" : (String) row[idColumn], 0, row);
    }

    private void advance() {
      try {
        next = read();
        while (next != null && mayRepeat(next)) {
          kept.merge(next[idColumn] + copies.fingerprint(next), next, this::takenFirst);
          next = read();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      if (next == null && !kept.isEmpty()) {
        next = kept.pollFirstEntry().getValue();
      }
    }

    /** The files' next row, or null when all are read. */
    private Object[] read() throws IOException {
      while (true) {
        if (current == null) {
          if (!unread.hasNext()) {
            return null;
          }
          current = ParquetRows.open(unread.next());
        }
        Object[] row = current.next();
        if (row != null) {
          return row;
        }
        current.close();
        current = null;
      }
    }

    private Object[] takenFirst(Object[] one, Object[] other) {
      return copies.ingestedAt(other) < copies.ingestedAt(one) ? other : one;
    }
  }
}
