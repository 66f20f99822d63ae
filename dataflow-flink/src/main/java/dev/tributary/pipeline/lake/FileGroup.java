package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.DataCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * What rows of one file have in common.
 *
 * @param schema the number of their columns: {@link Schemas}
 */
public record FileGroup(Partition partition, long schema) {

  /** Encodes the key under which segments gather. */
  public static final class Coder extends DataCoder<FileGroup> {
    private static final long serialVersionUID = 1L;

    @Override
    protected void write(FileGroup group, DataOutputStream out) throws IOException {
      group.partition.write(out);
      out.writeLong(group.schema);
    }

    @Override
    protected FileGroup read(DataInputStream in) throws IOException {
      Partition partition = Partition.read(in);
      return new FileGroup(partition, in.readLong());
    }

    @Override
    public boolean consistentWithEquals() {
      return true;
    }
  }
}
