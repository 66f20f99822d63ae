package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedRows;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.joda.time.Instant;

/**
 * Collects the rows of a bundle by file and hands them on as segments: in memory rows take several
 * times what they take in Parquet, and what waits for a file waits in state.
 */
public final class EncodeSegments extends DoFn<byte[], KV<FileGroup, Segment>> {
  private static final long serialVersionUID = 1L;

  /** Rows held by one instance at most; then they are handed on before the bundle ends. */
  private static final long MAX_HELD_BYTES = 32L << 20;

  /** Fewer rows do not deserve a row group of their own. */
  private static final int MIN_ROWS_OF_PARQUET = 1_000;

  private final String root;
  private final Contracts contracts;
  private final Counter segments = Metrics.counter("lake", "segments");
  private transient Schemas schemas;
  private transient Map<Long, List<Pending>> byHour;
  private transient List<Pending> pending;

  /** The last file of each table: the next row mostly goes there too. */
  private transient Pending[] last;

  private transient long held;

  public EncodeSegments(String root, Contracts contracts) {
    this.root = root;
    this.contracts = contracts;
  }

  @Setup
  public void setup() {
    schemas = new Schemas(root, contracts);
    pending = new ArrayList<>();
    byHour = new HashMap<>();
    last = new Pending[2];
  }

  @StartBundle
  public void startBundle() {
    // What a bundle that failed has left would come twice.
    pending.clear();
    byHour.clear();
    Arrays.fill(last, null);
    held = 0;
  }

  @ProcessElement
  public void process(
      @Element byte[] rows,
      @Timestamp Instant timestamp,
      OutputReceiver<KV<FileGroup, Segment>> output)
      throws IOException {
    for (int at = 0; at < rows.length; at = PackedRows.next(rows, at)) {
      fileOf(rows, at, timestamp).add(rows, at);
    }
    held += rows.length;
    if (held >= MAX_HELD_BYTES) {
      for (Pending file : pending) {
        output.outputWithTimestamp(KV.of(file.group, file.segment(schemas)), file.timestamp);
      }
      segments.inc(pending.size());
      startBundle();
    }
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) throws IOException {
    for (Pending file : pending) {
      context.output(
          KV.of(file.group, file.segment(schemas)), file.timestamp, GlobalWindow.INSTANCE);
    }
    segments.inc(pending.size());
    startBundle();
  }

  private Pending fileOf(byte[] rows, int at, Instant timestamp) {
    int table = PackedRows.table(rows, at);
    if (last[table] != null && last[table].accepts(rows, at)) {
      return last[table];
    }
    List<Pending> candidates =
        byHour.computeIfAbsent(PackedRows.hour(rows, at), hour -> new ArrayList<>());
    for (Pending file : candidates) {
      if (file.accepts(rows, at)) {
        last[table] = file;
        return file;
      }
    }
    Pending file = new Pending(rows, at, timestamp);
    candidates.add(file);
    pending.add(file);
    last[table] = file;
    return file;
  }

  @Override
  @SuppressWarnings("deprecation")
  public org.joda.time.Duration getAllowedTimestampSkew() {
    // A segment has the time of its first row's batch, which is not that of the batch at hand.
    return org.joda.time.Duration.millis(Long.MAX_VALUE);
  }

  /** The rows of one file so far, where they lie. */
  private static final class Pending {
    private final FileGroup group;
    private final Instant timestamp;
    private byte[][] buffers = new byte[64][];
    private int[] positions = new int[64];
    private int count;

    Pending(byte[] rows, int at, Instant timestamp) {
      this.group =
          new FileGroup(
              new Partition(
                  PackedRows.table(rows, at) == PackedRows.RAW ? Table.RAW : Table.PROCESSED,
                  PackedRows.stream(rows, at),
                  PackedRows.hour(rows, at)),
              PackedRows.schema(rows, at));
      this.timestamp = timestamp;
    }

    boolean accepts(byte[] rows, int at) {
      return PackedRows.sameFile(buffers[0], positions[0], rows, at);
    }

    void add(byte[] rows, int at) {
      if (count == positions.length) {
        buffers = Arrays.copyOf(buffers, count * 2);
        positions = Arrays.copyOf(positions, count * 2);
      }
      buffers[count] = rows;
      positions[count++] = at;
    }

    Segment segment(Schemas schemas) throws IOException {
      MessageDigest digest = Digest.sha256();
      boolean parquet = count >= MIN_ROWS_OF_PARQUET;
      Bytes loose = new Bytes(parquet ? 0 : 1024);
      for (int i = 0; i < count; i++) {
        byte[] buffer = buffers[i];
        int row = PackedRows.row(buffer, positions[i]);
        digest.update(buffer, row + Integer.BYTES, Bytes.intAt(buffer, row));
        if (parquet) {
          positions[i] = row;
        } else {
          loose.put(buffer, positions[i], PackedRows.next(buffer, positions[i]) - positions[i]);
        }
      }
      byte[] content =
          parquet
              ? SegmentFile.encode(
                  schemas.columns(group.partition().stream(), group.schema()),
                  buffers,
                  positions,
                  count)
              : loose.copy();
      return new Segment(parquet, count, digest.digest(), content);
    }
  }
}
