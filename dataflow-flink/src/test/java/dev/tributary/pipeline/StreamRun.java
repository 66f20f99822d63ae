package dev.tributary.pipeline;

import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.change.LiveInputs;
import java.nio.file.Path;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.testing.TestStream;
import org.joda.time.Duration;
import org.joda.time.Instant;

/** The whole stream over messages, to its end, for tests of what follows it. */
public final class StreamRun {
  private StreamRun() {}

  /** Leaves in the lake what the stream makes of the messages. */
  public static void over(Path lake, String keys, LiveInputs inputs, List<BusMessage> messages) {
    TestStream.Builder<BusMessage> stream = TestStream.create(new BusMessage.Coder());
    for (BusMessage message : messages) {
      stream = stream.addElements(message);
    }
    TributaryOptions options = PipelineOptionsFactory.create().as(TributaryOptions.class);
    options.setLake(lake.toString());
    options.setPiiKeysFile(keys);
    Pipeline pipeline = Pipeline.create(TestPipeline.testingPipelineOptions());
    pipeline
        .apply(
            stream
                .advanceProcessingTime(Duration.standardSeconds(6))
                // Rows that look something up wait for the watermark, then gather.
                .advanceWatermarkTo(new Instant(Samples.PUBLISHED / 1_000 + 86_400_000L))
                .advanceProcessingTime(Duration.standardSeconds(6))
                .advanceWatermarkToInfinity())
        .apply(new StreamingPipeline(inputs, options));
    pipeline.run().waitUntilFinish();
  }
}
