package dev.tributary.pipeline.lake;

import dev.tributary.pipeline.DataCoder;
import dev.tributary.pipeline.Digest;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** The segments of one file, in the order in which the file has them. */
public record LakeFile(FileGroup group, List<Segment> segments) {

  /** A file of these segments; in what order they came does not matter. */
  public static LakeFile of(FileGroup group, List<Segment> segments) {
    List<Segment> sorted = new ArrayList<>(segments);
    sorted.sort((one, other) -> Arrays.compareUnsigned(one.digest(), other.digest()));
    return new LakeFile(group, List.copyOf(sorted));
  }

  /**
   * Beneath the lake's root. A function of the rows: the same rows have the same name, others
   * never.
   */
  public String path() {
    MessageDigest digest = Digest.sha256();
    segments.forEach(segment -> digest.update(segment.digest()));
    return group.partition().folder()
        + "part-"
        + HexFormat.of().formatHex(digest.digest())
        + ".parquet";
  }

  /** Encodes files that wait for their checkpoint. */
  public static final class Coder extends DataCoder<LakeFile> {
    private static final long serialVersionUID = 1L;
    private static final FileGroup.Coder GROUP = new FileGroup.Coder();
    private static final Segment.Coder SEGMENT = new Segment.Coder();

    @Override
    protected void write(LakeFile file, DataOutputStream out) throws IOException {
      GROUP.encode(file.group, out);
      out.writeInt(file.segments.size());
      for (Segment segment : file.segments) {
        SEGMENT.encode(segment, out);
      }
    }

    @Override
    protected LakeFile read(DataInputStream in) throws IOException {
      FileGroup group = GROUP.decode(in);
      int size = in.readInt();
      List<Segment> segments = new ArrayList<>(size);
      for (int i = 0; i < size; i++) {
        segments.add(SEGMENT.decode(in));
      }
      return new LakeFile(group, List.copyOf(segments));
    }
  }
}
