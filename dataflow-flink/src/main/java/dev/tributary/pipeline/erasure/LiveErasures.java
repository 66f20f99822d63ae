package dev.tributary.pipeline.erasure;

import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.pii.PiiKeys;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.Map;
import org.apache.beam.sdk.options.PipelineOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The list of erasures as it is now, looked at every ten seconds.
 *
 * <p>Nothing passes before it was read once: a process that starts while the store is away waits
 * for it. Later, while the store is away, the list of before holds; nobody can write to it then,
 * either.
 */
public final class LiveErasures implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(LiveErasures.class);
  private static final long POLL_NANOS = 10_000_000_000L;

  /** docs/interfaces.md#erasures. */
  private static final String LIST = "erasures/list.json";

  private final String lake;
  private final String piiKeysFile;
  private final long pollNanos;

  private transient ObjectStore store;
  private transient ErasureList list;
  private transient Contracts contracts;
  private transient ErasedSubjects subjects;
  private transient long lookedAt;

  /**
   * @param lake the lake's root
   */
  public LiveErasures(String lake, String piiKeysFile) {
    this(lake, piiKeysFile, POLL_NANOS);
  }

  /**
   * @param pollNanos how old a look at the list may be
   */
  public LiveErasures(String lake, String piiKeysFile, long pollNanos) {
    this.lake = lake;
    this.piiKeysFile = piiKeysFile;
    this.pollNanos = pollNanos;
  }

  /**
   * @param contracts those in force: they say what names a subject
   * @throws IOException where the list was never read and cannot be now
   */
  public ErasedSubjects current(Contracts contracts, PipelineOptions options) throws IOException {
    if (list == null || System.nanoTime() - lookedAt >= pollNanos) {
      look(options);
      lookedAt = System.nanoTime();
    }
    if (subjects == null || contracts != this.contracts) {
      this.contracts = contracts;
      // Without anybody on the list no key is needed.
      subjects =
          new ErasedSubjects(
              list, contracts, list.isEmpty() ? Map.of() : PiiKeys.loadAll(piiKeysFile));
    }
    return subjects;
  }

  private void look(PipelineOptions options) throws IOException {
    ErasureList read;
    try {
      if (store == null) {
        store = ObjectStore.open(lake, options);
      }
      read = ErasureList.parse(store.get(LIST));
    } catch (FileNotFoundException e) {
      read = ErasureList.EMPTY;
    } catch (IOException e) {
      if (list == null) {
        throw e;
      }
      LOG.warn("the list of erasures cannot be read; the one from before holds", e);
      return;
    }
    if (!read.equals(list)) {
      list = read;
      subjects = null;
    }
  }
}
