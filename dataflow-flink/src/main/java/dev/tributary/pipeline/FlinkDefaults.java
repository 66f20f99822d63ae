package dev.tributary.pipeline;

import org.apache.beam.runners.flink.FlinkPipelineOptions;

/** What the stream needs of Flink so that every row reaches exactly one file, whatever dies. */
final class FlinkDefaults {
  /**
   * The runner keeps the batches that wait for a checkpoint in this many slots, plus one, and takes
   * them in turn. With few, a slot is used again while it still waits: after a restore, or after a
   * checkpoint that was given up, and its rows would be released before they are safe. So this is a
   * number of slots; {@link #MIN_PAUSE_MILLIS} sees to it that checkpoints do not pile up.
   */
  private static final int CONCURRENT_CHECKPOINTS = 8;

  private static final long MIN_PAUSE_MILLIS = 500;
  private static final long CHECKPOINT_INTERVAL_MILLIS = 5_000;

  /**
   * Rows that a bundle holds go on when it ends: large bundles make large row groups, and short
   * ones let the last of a burst go on soon.
   */
  private static final long MAX_BUNDLE_SIZE = 1_000_000;

  private static final long MAX_BUNDLE_MILLIS = 500;

  /** What {@link FlinkPipelineOptions} says for streams when the command line says nothing. */
  private static final long BEAM_BUNDLE_SIZE = 1_000;

  private static final long BEAM_BUNDLE_MILLIS = 1_000;

  private FlinkDefaults() {}

  /** Sets what the command line left open. */
  static void apply(FlinkPipelineOptions options) {
    if (options.getCheckpointingInterval() <= 0) {
      options.setCheckpointingInterval(CHECKPOINT_INTERVAL_MILLIS);
    }
    options.setNumConcurrentCheckpoints(
        Math.max(options.getNumConcurrentCheckpoints(), CONCURRENT_CHECKPOINTS));
    if (options.getMinPauseBetweenCheckpoints() < 0) {
      options.setMinPauseBetweenCheckpoints(MIN_PAUSE_MILLIS);
    }
    // What a bundle holds must be in the checkpoint that covers its input.
    options.setFinishBundleBeforeCheckpointing(true);
    // Nothing that is emitted or in state is ever changed in place, so nothing need be copied.
    options.setObjectReuse(true);
    options.setFasterCopy(true);
    if (options.getMaxBundleSize() <= BEAM_BUNDLE_SIZE) {
      options.setMaxBundleSize(MAX_BUNDLE_SIZE);
    }
    if (options.getMaxBundleTimeMills() == BEAM_BUNDLE_MILLIS) {
      options.setMaxBundleTimeMills(MAX_BUNDLE_MILLIS);
    }
    // A checkpoint that fails restarts the job from the last good one, instead of leaving it to run
    // on.
    options.setFailOnCheckpointingErrors(true);
    // A job that fails for good or is cancelled can be taken up again where it was.
    options.setExternalizedCheckpointsEnabled(true);
    options.setRetainExternalizedCheckpointsOnCancellation(true);
  }
}
