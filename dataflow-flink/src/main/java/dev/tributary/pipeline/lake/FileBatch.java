package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.DataCoder;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The rows of one file.
 *
 * @param name the file's name without folder: a function of what the file must hold, so that
 *     writing it again replaces it with the same
 */
public record FileBatch(Partition partition, String name, List<LakeRow> rows) {

  /** Beneath the lake's root. */
  public String path() {
    return partition.folder() + name;
  }

  /** Rows are written in the order they have. */
  public static final class Coder extends DataCoder<FileBatch> {
    private static final long serialVersionUID = 1L;
    private static final LakeRow.Coder ROW = new LakeRow.Coder();

    @Override
    protected void write(FileBatch batch, DataOutputStream out) throws IOException {
      batch.partition.write(out);
      writeText(batch.name, out);
      out.writeInt(batch.rows.size());
      for (LakeRow row : batch.rows) {
        ROW.encode(row, out);
      }
    }

    @Override
    protected FileBatch read(DataInputStream in) throws IOException {
      Partition partition = Partition.read(in);
      String name = readText(in);
      int size = in.readInt();
      List<LakeRow> rows = new ArrayList<>(size);
      for (int i = 0; i < size; i++) {
        rows.add(ROW.decode(in));
      }
      return new FileBatch(partition, name, rows);
    }
  }
}
