package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.DataCoder;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.PartitionCoder;
import dev.tributary.pipeline.lake.StoredObject;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * The file that rows go to.
 *
 * @param replaced the path of the file whose rows they replace; null for a new file
 * @param size of the replaced file
 * @param block which of the folder's new files
 */
record Target(Partition partition, String replaced, long size, int block) {

  static Target replacing(Partition partition, String path, long size) {
    return new Target(partition, path, size, 0);
  }

  static Target fresh(Partition partition, int block) {
    return new Target(partition, null, 0, block);
  }

  StoredObject input() {
    return new StoredObject(replaced, size, 0);
  }

  /** Encodes targets for grouping. */
  static final class Coder extends DataCoder<Target> {
    private static final long serialVersionUID = 1L;
    private static final PartitionCoder PARTITION = new PartitionCoder();

    @Override
    protected void write(Target target, DataOutputStream out) throws IOException {
      PARTITION.encode(target.partition, out);
      writeText(target.replaced, out);
      out.writeLong(target.size);
      out.writeInt(target.block);
    }

    @Override
    protected Target read(DataInputStream in) throws IOException {
      Partition partition = PARTITION.decode(in);
      String replaced = readText(in);
      long size = in.readLong();
      return new Target(partition, replaced, size, in.readInt());
    }

    @Override
    public boolean consistentWithEquals() {
      return true;
    }
  }
}
