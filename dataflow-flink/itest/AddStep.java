import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * Makes the next version of the pipeline: its jar with one more step between reading and
 * deduplicating, from today's sources and without Maven.
 *
 * <p>Usage: java AddStep.java (folder of Java sources) (jar) (new jar)
 */
final class AddStep {
  private static final String PACKAGE = "dev/tributary/pipeline/";
  private static final String BEFORE = ".apply(\n                \"Deduplicate\",";
  private static final String STEP =
      ".apply(\"Pass\", ParDo.of(new PassOn()))\n.setCoder(KEYED_BATCH)\n";
  private static final String PASS_ON =
      """
      package dev.tributary.pipeline;

      import org.apache.beam.sdk.transforms.DoFn;
      import org.apache.beam.sdk.values.KV;

      final class PassOn extends DoFn<KV<Integer, byte[]>, KV<Integer, byte[]>> {
        @ProcessElement
        public void process(
            @Element KV<Integer, byte[]> batch, OutputReceiver<KV<Integer, byte[]>> output) {
          output.output(batch);
        }
      }
      """;

  public static void main(String[] args) throws IOException {
    Path sources = Path.of(args[0]);
    Path jar = Path.of(args[1]);
    Path newJar = Path.of(args[2]);
    Path work = Files.createTempDirectory("add-step");
    try {
      String pipeline = Files.readString(sources.resolve(PACKAGE + "StreamingPipeline.java"));
      if (!pipeline.contains(BEFORE)) {
        throw new IllegalStateException("StreamingPipeline has no longer: " + BEFORE);
      }
      compile(
          work,
          jar,
          Map.of(
              "StreamingPipeline.java", pipeline.replace(BEFORE, STEP + BEFORE),
              "PassOn.java", PASS_ON));
      Files.copy(jar, newJar, StandardCopyOption.REPLACE_EXISTING);
      replace(newJar, work.resolve("classes"));
    } finally {
      delete(work);
    }
  }

  private static void compile(Path work, Path jar, Map<String, String> sources) throws IOException {
    for (var source : sources.entrySet()) {
      Files.writeString(work.resolve(source.getKey()), source.getValue());
    }
    List<String> files = sources.keySet().stream().map(it -> work.resolve(it).toString()).toList();
    List<String> options =
        List.of("-proc:none", "-nowarn", "-cp", jar.toString(), "-d", work + "/classes");
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                System.err,
                Stream.of(options, files).flatMap(List::stream).toArray(String[]::new));
    if (result != 0) {
      throw new IllegalStateException("The next version does not compile.");
    }
  }

  /** What is not replaced is copied as it is compressed. */
  private static void replace(Path jar, Path classes) throws IOException {
    try (FileSystem files = FileSystems.newFileSystem(URI.create("jar:" + jar.toUri()), Map.of());
        Stream<Path> compiled = Files.walk(classes)) {
      for (Path file : compiled.filter(Files::isRegularFile).toList()) {
        Path inside = files.getPath("/" + classes.relativize(file));
        Files.copy(file, inside, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(path);
      }
    }
  }
}
