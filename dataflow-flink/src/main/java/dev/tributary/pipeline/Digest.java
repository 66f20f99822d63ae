package dev.tributary.pipeline;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The SHA-256 of parts joined by {@code |}, as every identity in docs/interfaces.md is made. */
public final class Digest {
  private static final int ID_HEX_DIGITS = 32;

  private final MessageDigest digest;
  private boolean empty = true;

  public Digest() {
    digest = sha256();
  }

  /** The algorithm itself, for who digests again and again, or bytes that need no separator. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  public Digest add(String part) {
    return add(part.getBytes(StandardCharsets.UTF_8));
  }

  public Digest add(byte[] part) {
    if (!empty) {
      digest.update((byte) '|');
    }
    empty = false;
    digest.update(part);
    return this;
  }

  /** All 64 hex digits. */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The first 32 hex digits: an id. */
  public String id() {
    return hex().substring(0, ID_HEX_DIGITS);
  }
}
