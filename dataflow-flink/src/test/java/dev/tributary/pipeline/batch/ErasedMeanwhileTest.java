package dev.tributary.pipeline.batch;

import static org.junit.Assert.assertEquals;

import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.erasure.LiveErasures;
import dev.tributary.pipeline.lake.LakeRow;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.DoFn.MultiOutputReceiver;
import org.apache.beam.sdk.transforms.DoFn.OutputReceiver;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.OutputBuilder;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** Somebody who is erased while a file is read: later lines of theirs are dropped. */
public class ErasedMeanwhileTest {
  @Rule public final TemporaryFolder folder = new TemporaryFolder();

  @Test
  public void theListIsFollowedWithinAFile() throws Exception {
    PipelineOptions options = PipelineOptionsFactory.create();
    FileSystems.setDefaultPipelineOptions(options);
    Path root = folder.getRoot().toPath();
    Path lake = Files.createDirectories(root.resolve("lake"));
    String keys = Samples.writeKeys(root).toString();
    Contract contract = Samples.CONTRACTS.stream("order_lines").orElseThrow();
    Path lines =
        Files.writeString(root.resolve("lines.ndjson"), line(1, 7) + line(2, 7) + line(3, 8));
    LandingFile file =
        new LandingFile(
            lines.toString(),
            "order_lines",
            LandingFile.Format.NDJSON,
            LandingFile.Compression.NONE,
            Mapping.identity(contract),
            1,
            Samples.PUBLISHED);
    List<Long> taken = new ArrayList<>();
    List<FileReport> reports = new ArrayList<>();
    new ReadLandingFile(contract, new LiveErasures(lake.toString(), keys, 0), keys)
        .process(
            file,
            options,
            new Outputs() {
              @Override
              void take(Object value) {
                if (value instanceof FileReport report) {
                  reports.add(report);
                } else if (value instanceof KV<?, ?> row) {
                  taken.add(((LakeRow) row.getValue()).sequence());
                  erase(lake, keys);
                }
              }
            });
    assertEquals(List.of(1L, 3L), taken);
    assertEquals(2, reports.get(0).rows());
    assertEquals(0, reports.get(0).deadLetters());
  }

  private static String line(int number, int customer) {
    return ("{\"order_line_id\":\"l%d\",\"order_id\":\"o1\",\"product_id\":\"p1\",\"customer_id\":%d,"
            + "\"kind\":\"purchase\",\"quantity\":1,\"unit_price\":\"1.5\",\"country\":null,"
            + "\"order_time\":\"2026-11-20T10:00:00Z\"}\n")
        .formatted(number, customer);
  }

  /** Customer 7. */
  private static void erase(Path lake, String keys) {
    try {
      String erasure = new Protection(PiiKeys.load(keys)).erasureId("customer", "7");
      Files.createDirectories(lake.resolve("erasures"));
      Files.writeString(
          lake.resolve("erasures/list.json"),
          "{\"subjects\":{\"customer\":[\"%s\"]}}".formatted(erasure));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Shows each value as it goes out, before the next row is read. */
  private abstract static class Outputs implements MultiOutputReceiver {
    abstract void take(Object value);

    @Override
    public <T> OutputReceiver<T> get(TupleTag<T> tag) {
      return new OutputReceiver<>() {
        @Override
        public void output(T value) {
          take(value);
        }

        @Override
        public OutputBuilder<T> builder(T value) {
          throw new UnsupportedOperationException();
        }
      };
    }

    @Override
    public <T> OutputReceiver<Row> getRowReceiver(TupleTag<T> tag) {
      throw new UnsupportedOperationException();
    }
  }
}
