package dev.tributary.pipeline.batch;

import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;

/**
 * The bytes of an object, read piece by piece.
 *
 * <p>It remembers whether the store failed, which may pass: whatever else goes wrong while its
 * bytes are read is the file's own fault, and stays.
 */
public final class StoredObject implements InputFile, Closeable {
  private final ReadableByteChannel channel;
  private boolean storeFailed;

  private StoredObject(ReadableByteChannel channel) {
    this.channel = channel;
  }

  /**
   * Opens an object. Its name is taken as it is: people's file names hold brackets and stars.
   *
   * @throws IOException when it is not there or the store is away
   */
  public static StoredObject open(String uri) throws IOException {
    return new StoredObject(FileSystems.open(FileSystems.matchNewResource(uri, false)));
  }

  boolean storeFailed() {
    return storeFailed;
  }

  /** From where it stands to the end. */
  InputStream stream() {
    return new FilterInputStream(Channels.newInputStream(channel)) {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        return fromStore(() -> in.read(target, offset, length));
      }
    };
  }

  @Override
  public long getLength() throws IOException {
    return fromStore(seekable()::size);
  }

  @Override
  public SeekableInputStream newStream() throws IOException {
    SeekableByteChannel file = seekable();
    fromStore(() -> file.position(0));
    return new DelegatingSeekableInputStream(stream()) {
      @Override
      public long getPos() throws IOException {
        return fromStore(file::position);
      }

      @Override
      public void seek(long position) throws IOException {
        fromStore(() -> file.position(position));
      }

      @Override
      public int read(ByteBuffer target) throws IOException {
        return fromStore(() -> file.read(target));
      }

      @Override
      public void close() {
        // The channel is the object's.
      }
    };
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private SeekableByteChannel seekable() throws IOException {
    if (channel instanceof SeekableByteChannel file) {
      return file;
    }
    throw new IOException("the store cannot read from the middle of an object");
  }

  private interface Access<T> {
    T get() throws IOException;
  }

  private <T> T fromStore(Access<T> access) throws IOException {
    try {
      return access.get();
    } catch (IOException | RuntimeException e) {
      storeFailed = true;
      throw e;
    }
  }
}
