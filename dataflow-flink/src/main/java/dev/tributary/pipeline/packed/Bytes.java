package dev.tributary.pipeline.packed;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A buffer that grows, written and read in the layout of {@link java.io.DataOutputStream}: big
 * endian, texts as a length and UTF-8. What a {@code DataCoder} writes can be read here and the
 * other way round; this is for places that handle every event.
 */
public final class Bytes {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);

  private byte[] array;
  private int size;

  public Bytes(int capacity) {
    array = new byte[capacity];
  }

  /** The buffer itself, valid up to {@link #size} and until the next write. */
  public byte[] array() {
    return array;
  }

  public int size() {
    return size;
  }

  /** Forgets all, or what follows a position. */
  public Bytes truncate(int position) {
    size = position;
    return this;
  }

  public byte[] copy() {
    return Arrays.copyOf(array, size);
  }

  public Bytes putByte(int value) {
    ensure(1);
    array[size++] = (byte) value;
    return this;
  }

  public Bytes putShort(int value) {
    ensure(Short.BYTES);
    SHORT.set(array, size, (short) value);
    size += Short.BYTES;
    return this;
  }

  public Bytes putInt(int value) {
    ensure(Integer.BYTES);
    INT.set(array, size, value);
    size += Integer.BYTES;
    return this;
  }

  public Bytes putLong(long value) {
    ensure(Long.BYTES);
    LONG.set(array, size, value);
    size += Long.BYTES;
    return this;
  }

  public Bytes put(byte[] source, int offset, int length) {
    ensure(length);
    System.arraycopy(source, offset, array, size, length);
    size += length;
    return this;
  }

  public Bytes put(byte[] source) {
    return put(source, 0, source.length);
  }

  public Bytes put(Bytes source) {
    return put(source.array, 0, source.size);
  }

  /** A length and the bytes. */
  public Bytes putBlock(byte[] source) {
    return putInt(source.length).put(source);
  }

  /** A length and UTF-8; null is the length -1. */
  public Bytes putText(String text) {
    return text == null ? putInt(-1) : putBlock(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Characters below 128, without a length. */
  @SuppressWarnings("deprecation")
  public Bytes putAscii(String text) {
    int length = text.length();
    ensure(length);
    // Deprecated since it drops the upper half of each character, which here is empty.
    text.getBytes(0, length, array, size);
    size += length;
    return this;
  }

  /** A length and UTF-8 of characters, among which surrogates must be paired. */
  public Bytes putText(char[] characters, int offset, int length) {
    int lengthAt = size;
    ensure(Integer.BYTES + length);
    int at = size + Integer.BYTES;
    for (int i = offset; i < offset + length; i++) {
      char character = characters[i];
      if (character >= 0x80) {
        return putText(new String(characters, offset, length));
      }
      array[at++] = (byte) character;
    }
    INT.set(array, lengthAt, length);
    size = at;
    return this;
  }

  /** Writes over an int, such as a length that was not known before. */
  public void setInt(int position, int value) {
    INT.set(array, position, value);
  }

  public static int intAt(byte[] source, int position) {
    return (int) INT.get(source, position);
  }

  public static long longAt(byte[] source, int position) {
    return (long) LONG.get(source, position);
  }

  /** A text written with its length; null for the length -1. */
  public static String textAt(byte[] source, int position) {
    int length = intAt(source, position);
    return length < 0
        ? null
        : new String(source, position + Integer.BYTES, length, StandardCharsets.UTF_8);
  }

  public static int shortAt(byte[] source, int position) {
    return (short) SHORT.get(source, position);
  }

  private void ensure(int more) {
    if (size + more > array.length) {
      array = Arrays.copyOf(array, Math.max(size + more, array.length * 2));
    }
  }
}
