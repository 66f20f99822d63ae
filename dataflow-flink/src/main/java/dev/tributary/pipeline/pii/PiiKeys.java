package dev.tributary.pipeline.pii;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import org.apache.beam.sdk.io.FileSystems;

/**
 * The active version of the PII key: docs/interfaces.md#pii.
 *
 * <p>Never serialized: workers read the key file themselves, so that no key travels in a job graph.
 */
public final class PiiKeys {
  private static final int KEY_BYTES = 32;

  private final String version;
  private final byte[] tokenKey;

  private PiiKeys(String version, byte[] tokenKey) {
    this.version = version;
    this.tokenKey = tokenKey;
  }

  /**
   * Loads the key file.
   *
   * @param file a path of any file system Beam knows
   * @throws ConfigurationException PII_KEYS_MISSING or PII_KEYS_INVALID; no message repeats a key
   */
  public static PiiKeys load(String file) {
    return parse(read(file), file);
  }

  private static String read(String file) {
    try (InputStream in =
        Channels.newInputStream(FileSystems.open(FileSystems.matchNewResource(file, false)))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ConfigurationException(
          "PII_KEYS_MISSING",
          "--piiKeysFile "
              + file
              + " cannot be read where the pipeline runs; mount the key file there.",
          e);
    }
  }

  /** As {@link #load}, from the file's text. */
  public static PiiKeys parse(String text, String file) {
    JsonNode node = tree(text, file);
    String active = node.path("active").asText("");
    if (!active.matches("[A-Za-z0-9]{1,16}")) {
      throw invalid(file, "active is no version such as v1");
    }
    return version(node, active, file);
  }

  /**
   * Every version, by name: what was sealed stays readable when another key has become the active
   * one. Errors as {@link #load}.
   */
  public static Map<String, PiiKeys> loadAll(String file) {
    return parseAll(read(file), file);
  }

  /** As {@link #loadAll}, from the file's text. */
  public static Map<String, PiiKeys> parseAll(String text, String file) {
    JsonNode node = tree(text, file);
    Map<String, PiiKeys> versions = new TreeMap<>();
    node.path("keys")
        .fieldNames()
        .forEachRemaining(name -> versions.put(name, version(node, name, file)));
    return versions;
  }

  private static JsonNode tree(String text, String file) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (JsonProcessingException e) {
      // The parser's own message quotes the text.
      throw invalid(file, "is not JSON");
    }
  }

  /** One version, as {@link #parse} reads the active one. */
  static PiiKeys version(JsonNode node, String version, String file) {
    byte[] key;
    try {
      key = Base64.getDecoder().decode(node.path("keys").path(version).asText(""));
    } catch (IllegalArgumentException e) {
      throw invalid(file, "keys." + version + " is not base64");
    }
    if (key.length != KEY_BYTES) {
      throw invalid(file, "keys." + version + " has " + key.length + " bytes, 32 are needed");
    }
    return new PiiKeys(version, key);
  }

  private static ConfigurationException invalid(String file, String problem) {
    return new ConfigurationException(
        "PII_KEYS_INVALID",
        "%s: %s; write {\"active\":\"v1\",\"keys\":{\"v1\":\"<base64 of 32 random bytes>\"}}."
            .formatted(file, problem));
  }

  String version() {
    return version;
  }

  byte[] tokenKey() {
    return tokenKey;
  }
}
