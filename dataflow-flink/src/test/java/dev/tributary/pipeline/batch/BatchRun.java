package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.lake.TestParquet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.beam.sdk.Pipeline;

/**
 * Takes files through the batch pipeline into a lake of their own, and shows what is there then.
 */
final class BatchRun {
  static final long GENERATION = 42;
  private static final String REPORT = "control/landing-reports/test.json";

  private final Path root;
  private final Path lake;
  private final Contracts contracts;
  private final String keys;

  BatchRun(Path root, Contracts contracts) throws IOException {
    this.root = root;
    this.lake = Files.createDirectories(root.resolve("lake"));
    this.contracts = contracts;
    this.keys = Samples.writeKeys(root).toString();
  }

  Path lake() {
    return lake;
  }

  String drop(String stream, LandingFile.Format format, String content) throws IOException {
    return drop(
        stream,
        format,
        LandingFile.Compression.NONE,
        null,
        content.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * @param mapping or null where columns are called as the fields
   * @return the file's URI
   */
  String drop(
      String stream,
      LandingFile.Format format,
      LandingFile.Compression compression,
      Mapping mapping,
      byte[] content)
      throws IOException {
    Path file = Files.write(root.resolve("people's [file] *.x"), content);
    Contract contract = contracts.stream(stream).orElseThrow();
    LandingFile landing =
        new LandingFile(
            file.toString(),
            stream,
            format,
            compression,
            mapping == null ? Mapping.identity(contract) : mapping,
            GENERATION,
            Samples.PUBLISHED);
    Pipeline pipeline = Pipeline.create();
    pipeline.apply(new BatchPipeline(landing, contracts, lake.toString(), keys, REPORT));
    pipeline.run().waitUntilFinish();
    return file.toString();
  }

  /** Processed rows by a column; columns that are null are left out. */
  Map<String, Map<String, Object>> rows(String key) throws IOException {
    Map<String, Map<String, Object>> rows = new TreeMap<>();
    TestParquet.readAll(lake.resolve("processed"))
        .values()
        .forEach(file -> file.forEach(row -> rows.put(String.valueOf(row.get(key)), row)));
    return rows;
  }

  List<JsonNode> deadLetters() throws IOException {
    List<JsonNode> letters = new ArrayList<>();
    for (String path : files()) {
      if (path.contains("dead-letter")) {
        letters.add(new ObjectMapper().readTree(Files.readAllBytes(Path.of(path))));
      }
    }
    return letters;
  }

  /** Line, reason and field of each dead letter. */
  Map<Long, String> refusedLines() throws IOException {
    Map<Long, String> reasons = new TreeMap<>();
    for (JsonNode letter : deadLetters()) {
      reasons.put(
          letter.at("/source/line").asLong(),
          letter.get("reason").asText() + " " + letter.get("field").asText());
    }
    return reasons;
  }

  JsonNode report() throws IOException {
    return new ObjectMapper().readTree(Files.readAllBytes(lake.resolve(REPORT)));
  }

  /** The code of the report's error; empty where the file was taken. */
  String refusal() throws IOException {
    return report().at("/error/code").asText("");
  }

  /** Everything in the lake but the report. */
  List<String> files() throws IOException {
    try (Stream<Path> paths = Files.walk(lake)) {
      return paths
          .filter(Files::isRegularFile)
          .filter(path -> !path.endsWith(REPORT))
          .map(Path::toString)
          .sorted()
          .toList();
    }
  }

  static byte[] gzip(String content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }
}
