package dev.tributary.pipeline.rewrite;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Commits staged rewrites of a lake in a folder as {@code functions/load-warehouse} does. */
public final class CommittedRewrites {
  private CommittedRewrites() {}

  /** The manifests that wait. */
  public static List<JsonNode> open(Path lake) throws IOException {
    Path open = lake.resolve("rewrites/open");
    List<JsonNode> manifests = new ArrayList<>();
    if (Files.exists(open)) {
      try (Stream<Path> paths = Files.walk(open)) {
        for (Path path : paths.filter(p -> p.toString().endsWith(".json")).sorted().toList()) {
          manifests.add(new ObjectMapper().readTree(Files.readAllBytes(path)));
        }
      }
    }
    return manifests;
  }

  /** Puts outputs in place, removes inputs, and leaves nothing staged. */
  public static void commitAll(Path lake) throws IOException {
    for (JsonNode manifest : open(lake)) {
      Path output = lake.resolve(manifest.at("/output/name").asText());
      if (manifest.at("/output/rows").asInt() > 0) {
        Files.createDirectories(output.getParent());
        Files.write(
            output, Files.readAllBytes(lake.resolve(manifest.at("/output/staged").asText())));
      }
      for (JsonNode input : manifest.get("inputs")) {
        Path path = lake.resolve(input.get("name").asText());
        if (!path.equals(output)) {
          Files.delete(path);
        }
      }
    }
    Path open = lake.resolve("rewrites/open");
    if (Files.exists(open)) {
      try (Stream<Path> paths = Files.walk(open)) {
        for (Path path : paths.filter(Files::isRegularFile).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
