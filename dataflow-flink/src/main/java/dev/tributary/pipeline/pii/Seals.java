package dev.tributary.pipeline.pii;

import dev.tributary.pipeline.ConfigurationException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Opens seals of any key version, as {@code platform/src/pii} does. Not thread-safe. */
public final class Seals {
  private static final Pattern SEAL =
      Pattern.compile("seal_([A-Za-z0-9]{1,16})_([A-Za-z0-9+/]+={0,2})");

  /** Enough of the bytes to tell a seal from JSON without reading all of a long message. */
  private static final String PREFIX = "seal_";

  private static final int LEAST_BYTES = 12 + 16;

  private final Map<String, Protection> versions = new HashMap<>();

  /**
   * @param keys by version: {@link PiiKeys#loadAll}
   */
  public Seals(Map<String, PiiKeys> keys) {
    keys.forEach((version, key) -> versions.put(version, new Protection(key)));
  }

  /**
   * The bytes that were sealed; bytes that are no seal come back as they are.
   *
   * @throws ConfigurationException UNSEAL_FAILED where the key file lacks the version, or the seal
   *     is not of that key
   */
  public byte[] open(byte[] stored) {
    if (stored.length < PREFIX.length()
        || !new String(stored, 0, PREFIX.length(), StandardCharsets.ISO_8859_1).equals(PREFIX)) {
      return stored;
    }
    Matcher seal = SEAL.matcher(new String(stored, StandardCharsets.ISO_8859_1));
    if (!seal.matches()) {
      return stored;
    }
    Protection key = versions.get(seal.group(1));
    if (key == null) {
      throw new ConfigurationException(
          "UNSEAL_FAILED",
          "A message was sealed with key %s, which --piiKeysFile does not have; add that version."
              .formatted(seal.group(1)));
    }
    try {
      byte[] sealed = Base64.getDecoder().decode(seal.group(2));
      if (sealed.length < LEAST_BYTES) {
        return stored;
      }
      return key.unseal(sealed);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new ConfigurationException(
          "UNSEAL_FAILED",
          "A seal was altered, or key %s of --piiKeysFile is not the one it was made with."
              .formatted(seal.group(1)),
          e);
    }
  }
}
