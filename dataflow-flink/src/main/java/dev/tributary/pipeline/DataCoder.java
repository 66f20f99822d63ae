package dev.tributary.pipeline;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.beam.sdk.coders.CustomCoder;

/** A coder written field by field: compact, deterministic, and independent of class names. */
public abstract class DataCoder<T> extends CustomCoder<T> {
  private static final long serialVersionUID = 1L;

  protected abstract void write(T value, DataOutputStream out) throws IOException;

  protected abstract T read(DataInputStream in) throws IOException;

  @Override
  public final void encode(T value, OutputStream out) throws IOException {
    DataOutputStream data = new DataOutputStream(out);
    write(value, data);
    data.flush();
  }

  @Override
  public final T decode(InputStream in) throws IOException {
    return read(new DataInputStream(in));
  }

  @Override
  public void verifyDeterministic() {
    // Fields are written in a fixed order and maps are sorted.
  }

  @Override
  public boolean equals(Object other) {
    return other != null && getClass() == other.getClass();
  }

  @Override
  public int hashCode() {
    return getClass().hashCode();
  }

  protected static void writeBytes(byte[] bytes, DataOutputStream out) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  protected static byte[] readBytes(DataInputStream in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }

  /** Unlike {@code writeUTF} without a limit of 64 KiB, and null is allowed. */
  protected static void writeText(String text, DataOutputStream out) throws IOException {
    if (text == null) {
      out.writeInt(-1);
    } else {
      writeBytes(text.getBytes(StandardCharsets.UTF_8), out);
    }
  }

  protected static String readText(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
