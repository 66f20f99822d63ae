package dev.tributary.pipeline.change;

import dev.tributary.pipeline.deadletter.DeadLetter;
import dev.tributary.pipeline.feature.FeatureEvent;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.lake.Partition;
import java.util.List;

/**
 * All that one message leads to. It passes as a whole or, when its id has been seen, not at all.
 *
 * @param id 32 hex digits: the event's, the dead letter's, or of where an unreadable message lay
 * @param block the stretch of the source's log that the message comes from, where its id is
 *     remembered: a function of what the id is made of
 * @param letter or null
 */
public record Arrival(
    String id, long block, List<Filed> rows, DeadLetter letter, List<FeatureEvent> events) {
  /** So much of a log holds a few hundred changes. */
  private static final int LOG_BLOCK_BITS = 16;

  /** Ids without a place in a log are spread over so many blocks. */
  private static final int OTHER_BLOCK_BITS = 20;

  /** Something that has no place in a source's log. */
  public Arrival(String id, List<Filed> rows, DeadLetter letter, List<FeatureEvent> events) {
    this(id, Long.MIN_VALUE | Hex.high(id) >>> Long.SIZE - OTHER_BLOCK_BITS, rows, letter, events);
  }

  /** The block of a position in a source's log. */
  public static long blockOf(long lsn) {
    return lsn >> LOG_BLOCK_BITS;
  }

  /** A row and the folder it belongs to. */
  public record Filed(Partition partition, LakeRow row) {}
}
