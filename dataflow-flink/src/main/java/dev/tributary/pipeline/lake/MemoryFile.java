package dev.tributary.pipeline.lake;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.SeekableInputStream;

/** A Parquet file in memory, to write or to read. */
final class MemoryFile implements OutputFile, InputFile {
  private byte[] bytes;
  private int size;

  /** An empty file to write. */
  MemoryFile() {
    bytes = new byte[64 * 1024];
  }

  /** A file to read. */
  MemoryFile(byte[] content) {
    bytes = content;
    size = content.length;
  }

  byte[] content() {
    return java.util.Arrays.copyOf(bytes, size);
  }

  @Override
  public PositionOutputStream create(long blockSizeHint) {
    size = 0;
    return new PositionOutputStream() {
      @Override
      public long getPos() {
        return size;
      }

      @Override
      public void write(int value) {
        ensure(1);
        bytes[size++] = (byte) value;
      }

      @Override
      public void write(byte[] source, int offset, int length) {
        ensure(length);
        System.arraycopy(source, offset, bytes, size, length);
        size += length;
      }
    };
  }

  private void ensure(int more) {
    if (size + more > bytes.length) {
      bytes = java.util.Arrays.copyOf(bytes, Math.max(size + more, bytes.length * 2));
    }
  }

  @Override
  public PositionOutputStream createOrOverwrite(long blockSizeHint) {
    return create(blockSizeHint);
  }

  @Override
  public boolean supportsBlockSize() {
    return false;
  }

  @Override
  public long defaultBlockSize() {
    return 0;
  }

  @Override
  public long getLength() {
    return size;
  }

  @Override
  public SeekableInputStream newStream() {
    Reader reader = new Reader(ByteBuffer.wrap(bytes, 0, size));
    return new DelegatingSeekableInputStream(reader) {
      @Override
      public long getPos() {
        return reader.buffer.position();
      }

      @Override
      public void seek(long position) throws IOException {
        if (position < 0 || position > reader.buffer.limit()) {
          throw new EOFException("no byte " + position);
        }
        reader.buffer.position((int) position);
      }
    };
  }

  private static final class Reader extends InputStream {
    private final ByteBuffer buffer;

    Reader(ByteBuffer buffer) {
      this.buffer = buffer;
    }

    @Override
    public int read() {
      return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      if (!buffer.hasRemaining()) {
        return -1;
      }
      int taken = Math.min(length, buffer.remaining());
      buffer.get(target, offset, taken);
      return taken;
    }
  }
}
