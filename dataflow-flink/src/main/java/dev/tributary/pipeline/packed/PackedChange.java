package dev.tributary.pipeline.packed;

/**
 * All that one message leads to, packed: it passes deduplication as a whole or not at all.
 *
 * <pre>
 * int   length of what follows
 * long  id, high and low
 * long  block: where its id is remembered
 * int   length of rows     · rows that go to files as they are ({@link PackedRows})
 * int   length of lookups  · rows that still need a lookup, and what others look up ({@link PackedLookup})
 * int   length of events   · feature events, each: int bucket, int length, event
 * int   length of letter   · a dead letter
 * </pre>
 *
 * <p>A batch is changes one after the other.
 */
public final class PackedChange {
  private static final int ID = Integer.BYTES;
  private static final int BLOCK = ID + 2 * Long.BYTES;
  private static final int SECTIONS = BLOCK + Long.BYTES;

  /** The parts of a change, in this order. */
  public enum Section {
    ROWS,
    LOOKUPS,
    EVENTS,
    LETTER
  }

  private PackedChange() {}

  /** Where the change after this one begins. */
  public static int next(byte[] batch, int position) {
    return position + Integer.BYTES + Bytes.intAt(batch, position);
  }

  public static long idHigh(byte[] batch, int position) {
    return Bytes.longAt(batch, position + ID);
  }

  public static long idLow(byte[] batch, int position) {
    return Bytes.longAt(batch, position + ID + Long.BYTES);
  }

  public static long block(byte[] batch, int position) {
    return Bytes.longAt(batch, position + BLOCK);
  }

  /** Where a section's content begins; its length is the int before it. */
  public static int section(byte[] batch, int position, Section section) {
    int at = position + SECTIONS;
    for (int before = section.ordinal(); before > 0; before--) {
      at += Integer.BYTES + Bytes.intAt(batch, at);
    }
    return at + Integer.BYTES;
  }

  public static int sectionLength(byte[] batch, int sectionAt) {
    return Bytes.intAt(batch, sectionAt - Integer.BYTES);
  }

  /** Writes one change; used again and again by one thread. */
  public static final class Writer {
    private final Bytes out = new Bytes(4096);
    private int openSection;
    private int sections;

    /**
     * Begins a change.
     *
     * @param block remembers its id; a function of the id's preimage, so that equal ids meet
     */
    public Writer begin(long idHigh, long idLow, long block) {
      out.truncate(0).putInt(0).putLong(idHigh).putLong(idLow).putLong(block);
      sections = 0;
      return this;
    }

    /** The buffer to write the next section to, which ends with the next call. */
    public Bytes section() {
      closeSection();
      out.putInt(0);
      openSection = out.size();
      sections++;
      return out;
    }

    /** Ends the change; sections not begun are empty. */
    public Bytes end() {
      while (sections < Section.values().length) {
        section();
      }
      closeSection();
      out.setInt(0, out.size() - Integer.BYTES);
      return out;
    }

    private void closeSection() {
      if (sections > 0) {
        out.setInt(openSection - Integer.BYTES, out.size() - openSection);
      }
    }
  }
}
