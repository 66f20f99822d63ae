package dev.tributary.pipeline.lake;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Writes the objects of one bundle side by side; none is forgotten: {@link #finish} waits for all.
 */
public final class ParallelWriter {
  /** A PUT mostly waits; more threads than this only queue at the store. */
  private static final int THREADS = 8;

  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS,
          task -> {
            Thread thread = new Thread(task, "object-writer");
            thread.setDaemon(true);
            return thread;
          });
  private final List<Future<?>> pending = new ArrayList<>();

  public void submit(Callable<Void> write) {
    pending.add(threads.submit(write));
  }

  /**
   * Waits for everything submitted since the last call.
   *
   * @throws IOException the first failure; the runner then repeats the bundle
   */
  public void finish() throws IOException, InterruptedException {
    try {
      for (Future<?> write : pending) {
        write.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    } finally {
      pending.clear();
    }
  }

  public void close() {
    threads.shutdownNow();
  }
}
