package dev.tributary.pipeline.batch;

import dev.tributary.pipeline.DataCoder;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.PartitionCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * The lake file that a line of a batch file goes to: a function of the line's place alone, so that
 * every run makes the same files.
 *
 * @param block which block of lines of the batch file
 */
public record FileKey(Partition partition, long block) {
  /** Rows of one file fit in memory with room to spare. */
  private static final long LINES_PER_BLOCK = 50_000;

  static FileKey of(Partition partition, long line) {
    return new FileKey(partition, line / LINES_PER_BLOCK);
  }

  /** Encodes keys for grouping. */
  public static final class Coder extends DataCoder<FileKey> {
    private static final long serialVersionUID = 1L;
    private static final PartitionCoder PARTITION = new PartitionCoder();

    @Override
    protected void write(FileKey key, DataOutputStream out) throws IOException {
      PARTITION.encode(key.partition, out);
      out.writeLong(key.block);
    }

    @Override
    protected FileKey read(DataInputStream in) throws IOException {
      Partition partition = PARTITION.decode(in);
      return new FileKey(partition, in.readLong());
    }

    @Override
    public boolean consistentWithEquals() {
      return true;
    }
  }
}
