package dev.tributary.pipeline.batch;

import com.github.luben.zstd.Zstd;
import io.airlift.compress.lz4.Lz4Decompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/**
 * Unpacks the pages of Parquet files without Hadoop: Parquet's own factory loads Hadoop's
 * configuration to find the same libraries.
 */
final class ParquetDecompression implements CompressionCodecFactory {

  /** A page's bytes, unpacked. */
  private interface Unpack {
    byte[] unpack(byte[] packed, int size) throws IOException;
  }

  /** Whether pages of this kind can be read; LZO, Brotli and Hadoop's own framing of LZ4 not. */
  static boolean reads(CompressionCodecName codec) {
    return unpack(codec) != null;
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    Unpack unpack = unpack(codec);
    if (unpack == null) {
      throw new UnsupportedOperationException("pages in " + codec + " are not read");
    }
    return new Pages(unpack);
  }

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    throw new UnsupportedOperationException("files are only read here");
  }

  @Override
  public void release() {
    // Holds nothing.
  }

  private static Unpack unpack(CompressionCodecName codec) {
    return switch (codec) {
      case UNCOMPRESSED -> (packed, size) -> packed;
      case SNAPPY -> (packed, size) -> Snappy.uncompress(packed);
      case GZIP ->
          (packed, size) -> new GZIPInputStream(new ByteArrayInputStream(packed)).readNBytes(size);
      case ZSTD -> Zstd::decompress;
      case LZ4_RAW ->
          (packed, size) -> {
            byte[] page = new byte[size];
            new Lz4Decompressor().decompress(packed, 0, packed.length, page, 0, size);
            return page;
          };
      case LZO, BROTLI, LZ4 -> null;
    };
  }

  private record Pages(Unpack unpack) implements BytesInputDecompressor {
    @Override
    public BytesInput decompress(BytesInput packed, int size) throws IOException {
      return BytesInput.from(page(packed.toByteArray(), size));
    }

    @Override
    public void decompress(ByteBuffer packed, int packedSize, ByteBuffer page, int size)
        throws IOException {
      byte[] bytes = new byte[packedSize];
      packed.get(bytes);
      page.put(page(bytes, size));
    }

    @Override
    public void release() {
      // Holds nothing.
    }

    private byte[] page(byte[] packed, int size) throws IOException {
      byte[] page = unpack.unpack(packed, size);
      if (page.length != size) {
        throw new IOException("a page has another size than it says");
      }
      return page;
    }
  }
}
