package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.DataCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** Encodes the key under which rows gather. */
public final class PartitionCoder extends DataCoder<Partition> {
  private static final long serialVersionUID = 1L;

  @Override
  protected void write(Partition partition, DataOutputStream out) throws IOException {
    partition.write(out);
  }

  @Override
  protected Partition read(DataInputStream in) throws IOException {
    return Partition.read(in);
  }

  @Override
  public boolean consistentWithEquals() {
    return true;
  }
}
