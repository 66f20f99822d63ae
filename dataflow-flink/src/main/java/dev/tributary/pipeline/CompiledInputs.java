package dev.tributary.pipeline;

import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.feature.FeatureGroups;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.beam.sdk.io.FileSystems;

/** The compiled contracts and feature groups a job runs with. */
public record CompiledInputs(Contracts contracts, FeatureGroups features) implements Serializable {

  /**
   * Those that the options name, or else those built into the jar.
   *
   * @throws ConfigurationException when one is missing or not usable
   */
  public static CompiledInputs load(TributaryOptions options) {
    return load(options.getContracts(), options.getFeatures());
  }

  /**
   * The same.
   *
   * @param contracts a path, a URI of the lake, the JSON itself, or null for the jar's own
   * @param features likewise
   */
  public static CompiledInputs load(String contracts, String features) {
    Contracts parsed = Contracts.parse(required(contracts, "contracts"));
    return new CompiledInputs(parsed, FeatureGroups.parse(required(features, "features"), parsed));
  }

  /** Whether an option names a file, which may change, and not content, which does not. */
  public static boolean isFile(String option) {
    return option != null && !option.isBlank() && !option.stripLeading().startsWith("{");
  }

  /**
   * The JSON that an option names, or that of the jar; null where the jar has none.
   *
   * @throws IOException where the file cannot be read
   */
  public static String text(String option, String name) throws IOException {
    if (option == null || option.isBlank()) {
      try (InputStream in = CompiledInputs.class.getResourceAsStream("/" + name + ".json")) {
        return in == null ? null : new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
    }
    if (!isFile(option)) {
      return option;
    }
    if (!option.contains("://")) {
      return Files.readString(Path.of(option));
    }
    try (InputStream in =
        Channels.newInputStream(FileSystems.open(FileSystems.matchNewResource(option, false)))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /**
   * The same, which must be there.
   *
   * @throws ConfigurationException INPUTS_MISSING
   */
  public static String required(String option, String name) {
    try {
      String text = text(option, name);
      if (text == null) {
        throw new ConfigurationException(
            "INPUTS_MISSING",
            "The jar was built without %s.json; run `npm run contracts`, then build again, or give --%s."
                .formatted(name, name));
      }
      return text;
    } catch (IOException e) {
      throw new ConfigurationException(
          "INPUTS_MISSING", "--%s %s cannot be read.".formatted(name, option), e);
    }
  }
}
