package dev.tributary.pipeline.backfill;

import dev.tributary.pipeline.DataCoder;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.PartitionCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** An event in a folder of the lake. */
record RowKey(Partition partition, String id) {

  /** Encodes keys for grouping. */
  static final class Coder extends DataCoder<RowKey> {
    private static final long serialVersionUID = 1L;
    private static final PartitionCoder PARTITION = new PartitionCoder();

    @Override
    protected void write(RowKey key, DataOutputStream out) throws IOException {
      PARTITION.encode(key.partition, out);
      writeText(key.id, out);
    }

    @Override
    protected RowKey read(DataInputStream in) throws IOException {
      Partition partition = PARTITION.decode(in);
      return new RowKey(partition, readText(in));
    }

    @Override
    public boolean consistentWithEquals() {
      return true;
    }
  }
}
