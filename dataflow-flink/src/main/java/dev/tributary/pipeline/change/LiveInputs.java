package dev.tributary.pipeline.change;

import dev.tributary.pipeline.CompiledInputs;
import dev.tributary.pipeline.ConfigurationException;
import java.io.IOException;
import java.io.Serializable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The compiled contracts as they are now: those the job was started with, until the file that the
 * options name has changed. Feature groups stay as they are: what windows remember depends on them,
 * so a change of them is a new version of the job.
 *
 * <p>A file that cannot be used is reported and the last good one stays in force: a mistake in a
 * contract must not stop what worked before it.
 */
public final class LiveInputs implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(LiveInputs.class);
  private static final long POLL_NANOS = 10_000_000_000L;
  private static final long HASTY_POLL_NANOS = 1_000_000_000L;

  private final CompiledInputs initial;

  /** What the option says; null where the jar's own are used, which never change. */
  private final String contracts;

  /** The feature groups the job was started with, as JSON. */
  private final String features;

  private final long pollNanos;

  private transient CompiledInputs current;
  private transient String text;
  private transient long lookedAt;

  private LiveInputs(CompiledInputs initial, String contracts, String features, long pollNanos) {
    this.initial = initial;
    this.pollNanos = pollNanos;
    this.contracts = contracts;
    this.features = features;
  }

  /**
   * @param contracts a path, a URI of the lake, the JSON itself, or null for the jar's own
   * @param features likewise
   * @throws ConfigurationException when one is missing or not usable
   */
  public static LiveInputs of(String contracts, String features) {
    return of(contracts, features, POLL_NANOS);
  }

  static LiveInputs of(String contracts, String features, long pollNanos) {
    return new LiveInputs(
        CompiledInputs.load(contracts, features),
        contracts,
        CompiledInputs.required(features, "features"),
        pollNanos);
  }

  /** Those the job was started with. */
  public CompiledInputs initial() {
    return initial;
  }

  /** The newest usable ones; looks at the file every ten seconds at most. */
  public CompiledInputs current() {
    if (current == null) {
      current = initial;
      lookedAt = System.nanoTime() - pollNanos;
    }
    if (CompiledInputs.isFile(contracts) && System.nanoTime() - lookedAt >= pollNanos) {
      lookedAt = System.nanoTime();
      look();
    }
    return current;
  }

  /**
   * The same, for who has met something that the contracts at hand do not allow: whoever wrote it
   * may know newer ones. Looks at the file every second at most.
   */
  public CompiledInputs refreshed() {
    long patience = Math.min(pollNanos, HASTY_POLL_NANOS);
    if (CompiledInputs.isFile(contracts) && System.nanoTime() - lookedAt >= patience) {
      lookedAt = System.nanoTime();
      look();
    }
    return current();
  }

  private void look() {
    try {
      String now = CompiledInputs.text(contracts, "contracts");
      if (now.equals(text)) {
        return;
      }
      text = now;
      current = CompiledInputs.load(now, features);
      LOG.info("the contracts at {} are in force", contracts);
    } catch (IOException | ConfigurationException e) {
      LOG.error("{} cannot be used; the contracts from before stay in force", contracts, e);
    }
  }
}
