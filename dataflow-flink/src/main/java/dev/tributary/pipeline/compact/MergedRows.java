package dev.tributary.pipeline.compact;

import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.ParquetRows;
import dev.tributary.pipeline.rewrite.RowCopies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.PriorityQueue;
import java.util.Queue;

/**
 * The rows of several files in the order of their event ids, each row once.
 *
 * <p>Files that a stream or a compaction wrote are in that order already and are merged as they are
 * read, a row group of each at a time. The few that are not (batch files have the order of their
 * lines) are sorted in memory first. Rows of one id that are no copies of each other all stay:
 * which one is right is not known here.
 */
final class MergedRows implements Iterable<LakeRow> {
  private final List<Column> columns;
  private final List<byte[]> files;
  private final int idColumn;
  private final String idName;
  private final RowCopies copies;
  private long written;

  /**
   * @param columns those of all the files
   */
  MergedRows(List<Column> columns, List<byte[]> files) {
    this.columns = columns;
    this.files = files;
    this.copies = new RowCopies(columns);
    this.idName = columns.get(0).name().equals("_event_id") ? "_event_id" : "event_id";
    this.idColumn = columns.stream().map(Column::name).toList().indexOf(idName);
    if (idColumn < 0) {
      throw new IllegalArgumentException("a lake file has a column " + idName);
    }
  }

  /** Rows handed out by the last pass. */
  long written() {
    return written;
  }

  @Override
  public Iterator<LakeRow> iterator() {
    written = 0;
    PriorityQueue<Cursor> cursors = new PriorityQueue<>(Comparator.comparing(Cursor::id));
    try {
      for (byte[] file : files) {
        Cursor cursor = inOrder(file) ? new Streamed(file) : new Sorted(file);
        if (cursor.advance()) {
          cursors.add(cursor);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Merge(cursors);
  }

  private boolean inOrder(byte[] file) throws IOException {
    try (ParquetRows ids = ParquetRows.openOnly(file, idName)) {
      String before = "";
      for (Object[] row = ids.next(); row != null; row = ids.next()) {
        // A row without an id is ordered by its content, which was not read.
        if (row[0] == null || before.compareTo((String) row[0]) > 0) {
          return false;
        }
        before = (String) row[0];
      }
      return true;
    }
  }

  /** Unreadable messages have no event id: what they hold names them, after all ids. */
  private String id(Object[] values) {
    return values[idColumn] == null ? "~" + copies.fingerprint(values) : (String) values[idColumn];
  }

  private final class Merge implements Iterator<LakeRow> {
    private final PriorityQueue<Cursor> cursors;
    private final Queue<LakeRow> ready = new ArrayDeque<>();

    Merge(PriorityQueue<Cursor> cursors) {
      this.cursors = cursors;
    }

    @Override
    public boolean hasNext() {
      return !ready.isEmpty() || !cursors.isEmpty();
    }

    @Override
    public LakeRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      if (ready.isEmpty()) {
        try {
          String id = cursors.peek().id();
          Map<String, Object[]> distinct = new LinkedHashMap<>();
          while (!cursors.isEmpty() && cursors.peek().id().equals(id)) {
            Cursor cursor = cursors.poll();
            distinct.merge(
                copies.fingerprint(cursor.row()), cursor.row(), MergedRows.this::takenFirst);
            if (cursor.advance()) {
              cursors.add(cursor);
            }
          }
          inStableOrder(distinct).forEach(row -> ready.add(new LakeRow(id, 0, row)));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      written++;
      return ready.remove();
    }
  }

  private Object[] takenFirst(Object[] one, Object[] other) {
    return copies.ingestedAt(other) < copies.ingestedAt(one) ? other : one;
  }

  /** The same whatever file came first, so that the output's name is. */
  private static Collection<Object[]> inStableOrder(Map<String, Object[]> byFingerprint) {
    return byFingerprint.size() == 1
        ? byFingerprint.values()
        : new java.util.TreeMap<>(byFingerprint).values();
  }

  private abstract class Cursor {
    private Object[] row;
    private String id;

    abstract Object[] read() throws IOException;

    boolean advance() throws IOException {
      row = read();
      id = row == null ? null : MergedRows.this.id(row);
      return row != null;
    }

    Object[] row() {
      return row;
    }

    String id() {
      return id;
    }
  }

  private final class Streamed extends Cursor {
    private final ParquetRows rows;

    Streamed(byte[] file) throws IOException {
      rows = ParquetRows.open(file);
    }

    @Override
    Object[] read() throws IOException {
      Object[] next = rows.next();
      if (next == null) {
        rows.close();
      }
      return next;
    }
  }

  private final class Sorted extends Cursor {
    private final Iterator<Object[]> rows;

    Sorted(byte[] file) throws IOException {
      List<Object[]> all = new ArrayList<>();
      try (ParquetRows source = ParquetRows.open(file)) {
        for (Object[] row = source.next(); row != null; row = source.next()) {
          all.add(row);
        }
      }
      all.sort(Comparator.comparing(MergedRows.this::id));
      rows = all.iterator();
    }

    @Override
    Object[] read() {
      return rows.hasNext() ? rows.next() : null;
    }
  }
}
