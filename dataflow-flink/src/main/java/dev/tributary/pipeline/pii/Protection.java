package dev.tributary.pipeline.pii;

import dev.tributary.pipeline.contract.Field;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tokens, masks and seals, equal to those of {@code platform/src/pii} bit for bit. Not thread-safe.
 */
public final class Protection {
  private static final String HMAC = "HmacSHA256";

  /** NIST SP 800-38D: 96-bit nonce, 128-bit tag. */
  private static final int NONCE_BYTES = 12;

  private static final int TAG_BITS = 128;

  private static final String OCTET = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
  private static final Pattern IPV4 =
      Pattern.compile(String.join("\\.", OCTET, OCTET, OCTET, OCTET));

  /** Below this length, the last two characters would be too much of the whole. */
  private static final int MIN_LENGTH_FOR_LAST2 = 6;

  private final String version;
  private final Mac token;
  private final Mac nonce;
  private final Mac erasure;
  private final SecretKeySpec sealKey;

  public Protection(PiiKeys keys) {
    version = keys.version();
    token = mac(keys.tokenKey());
    nonce = mac(hkdf(keys.tokenKey(), "tributary/seal-nonce"));
    erasure = mac(hkdf(keys.tokenKey(), "tributary/erasure"));
    sealKey = new SecretKeySpec(hkdf(keys.tokenKey(), "tributary/seal"), "AES");
  }

  /** A personal value as it may be stored; null stays null, and a dropped field is null. */
  public String protect(Field field, String value) {
    if (value == null) {
      return null;
    }
    return switch (field.pii()) {
      case NONE -> value;
      case TOKENIZE -> tokenize(value);
      case MASK -> mask(value, field.maskKeep());
      case DROP -> null;
    };
  }

  /** The same value has the same token everywhere; without the key it cannot be guessed. */
  public String tokenize(String value) {
    byte[] hash = token.doFinal(value.getBytes(StandardCharsets.UTF_8));
    return "tok_" + version + "_" + Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
  }

  /** What the list of erasures has of a person: without the key nobody can tell who it is. */
  public String erasureId(String subject, String id) {
    byte[] hash = erasure.doFinal((subject + "|" + id).getBytes(StandardCharsets.UTF_8));
    return "era_" + version + "_" + Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
  }

  /**
   * Keeps the harmless part of a value; what has none is masked whole. Characters are code points.
   *
   * @throws IllegalArgumentException for a kind of mask that no contract compiler writes
   */
  public static String mask(String value, String keep) {
    return switch (keep) {
      case "ipv4_prefix16" -> {
        Matcher ip = IPV4.matcher(value);
        yield ip.matches() ? ip.group(1) + "." + ip.group(2) + ".*.*" : "*";
      }
      case "last2" -> {
        int length = value.codePointCount(0, value.length());
        yield length < MIN_LENGTH_FOR_LAST2
            ? "**…"
            : "**…" + value.substring(value.offsetByCodePoints(0, length - 2));
      }
      default -> throw new IllegalArgumentException("unknown mask " + keep);
    };
  }

  /** Encrypts bytes that may hold clear PII; equal bytes have equal seals. */
  public String seal(byte[] plaintext) {
    byte[] iv = Arrays.copyOf(nonce.doFinal(plaintext), NONCE_BYTES);
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(Cipher.ENCRYPT_MODE, sealKey, new GCMParameterSpec(TAG_BITS, iv));
      byte[] sealed = cipher.doFinal(plaintext);
      byte[] whole = Arrays.copyOf(iv, iv.length + sealed.length);
      System.arraycopy(sealed, 0, whole, iv.length, sealed.length);
      return "seal_" + version + "_" + Base64.getEncoder().encodeToString(whole);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has AES-GCM", e);
    }
  }

  /**
   * What a seal of this key version holds.
   *
   * @param sealed the bytes after the seal's prefix
   * @throws GeneralSecurityException where they were altered, or sealed with another key
   */
  byte[] unseal(byte[] sealed) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.DECRYPT_MODE, sealKey, new GCMParameterSpec(TAG_BITS, sealed, 0, NONCE_BYTES));
    return cipher.doFinal(sealed, NONCE_BYTES, sealed.length - NONCE_BYTES);
  }

  /** RFC 5869 with an empty salt; 32 bytes are one block of its output. */
  private static byte[] hkdf(byte[] key, String info) {
    byte[] pseudoRandomKey = mac(new byte[32]).doFinal(key);
    Mac expand = mac(pseudoRandomKey);
    expand.update(info.getBytes(StandardCharsets.UTF_8));
    return expand.doFinal(new byte[] {1});
  }

  private static Mac mac(byte[] key) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      return mac;
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every Java platform has HMAC-SHA-256", e);
    }
  }
}
