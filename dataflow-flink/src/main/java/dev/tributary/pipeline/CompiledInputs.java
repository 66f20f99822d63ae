package dev.tributary.pipeline;

import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.feature.FeatureGroups;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The compiled contracts and feature groups a job runs with. */
public record CompiledInputs(Contracts contracts, FeatureGroups features) {

  /**
   * Those that the options name, or else those built into the jar.
   *
   * @throws ConfigurationException when one is missing or not usable
   */
  public static CompiledInputs load(TributaryOptions options) {
    Contracts contracts =
        Contracts.parse(text(options.getContracts(), "contracts", "npm run contracts"));
    return new CompiledInputs(
        contracts,
        FeatureGroups.parse(
            text(options.getFeatures(), "features", "npm run contracts"), contracts));
  }

  private static String text(String option, String name, String generator) {
    try {
      if (option == null || option.isBlank()) {
        try (InputStream in = CompiledInputs.class.getResourceAsStream("/" + name + ".json")) {
          if (in == null) {
            throw new ConfigurationException(
                "INPUTS_MISSING",
                "The jar was built without %s.json; run `%s`, then build again, or give --%s."
                    .formatted(name, generator, name));
          }
          return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
      }
      return option.stripLeading().startsWith("{") ? option : Files.readString(Path.of(option));
    } catch (IOException e) {
      throw new ConfigurationException(
          "INPUTS_MISSING", "--%s %s cannot be read.".formatted(name, option), e);
    }
  }
}
