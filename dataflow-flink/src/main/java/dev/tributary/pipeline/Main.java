package dev.tributary.pipeline;

import dev.tributary.pipeline.batch.BatchPipeline;
import dev.tributary.pipeline.batch.LandingFile;
import dev.tributary.pipeline.batch.Mapping;
import dev.tributary.pipeline.batch.StoredObject;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.KafkaBus;
import dev.tributary.pipeline.bus.OutgoingMessage;
import dev.tributary.pipeline.bus.PubsubBus;
import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Timestamps;
import dev.tributary.pipeline.pii.PiiKeys;
import java.io.IOException;
import java.time.DateTimeException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import org.apache.beam.runners.dataflow.DataflowRunner;
import org.apache.beam.runners.dataflow.options.DataflowPipelineOptions;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.values.PCollection;

/**
 * Starts the pipeline: the stream, or one batch file. dataflow-flink/README.md lists the options.
 */
public final class Main {
  private static final int BATCH_RESTARTS = 3;
  private static final long BATCH_RESTART_DELAY_MS = 5_000;

  private Main() {}

  /** Submits the job; with a detached runner it returns while the job runs. */
  public static void main(String[] args) {
    TributaryOptions options =
        PipelineOptionsFactory.fromArgs(args).withValidation().as(TributaryOptions.class);
    build(options).run();
  }

  /**
   * @throws ConfigurationException naming the option that is missing or wrong
   */
  static Pipeline build(TributaryOptions options) {
    Pipeline pipeline = assemble(options);
    if (DataflowRunner.class.equals(options.getRunner())) {
      StableInput.keep(pipeline);
    }
    return pipeline;
  }

  private static Pipeline assemble(TributaryOptions options) {
    // Contracts may lie in the lake.
    FileSystems.setDefaultPipelineOptions(options);
    CompiledInputs inputs = CompiledInputs.load(options);
    boolean batch = Set.of("files", "backfill", "compact", "erase").contains(options.getSource());
    options.setStreaming(!batch);
    boolean flink = FlinkRunner.class.equals(options.getRunner());
    if (flink) {
      // A session cluster builds the job where it runs it: what is not there now is said now, by
      // name, and not by a job that restarts for ever.
      PiiKeys.load(options.getPiiKeysFile());
    }
    if (flink && !batch) {
      FlinkDefaults.apply(options.as(FlinkPipelineOptions.class));
    }
    if (DataflowRunner.class.equals(options.getRunner()) && !batch) {
      DataflowDefaults.apply(options.as(DataflowPipelineOptions.class));
    }
    if (flink && batch) {
      limitRestarts(options.as(FlinkPipelineOptions.class));
    }
    switch (options.getSource()) {
      case "backfill" -> {
        return Rewrites.backfill(options, inputs);
      }
      case "compact" -> {
        return Rewrites.compact(options);
      }
      case "erase" -> {
        return Rewrites.erase(options, inputs);
      }
      default -> {
        // Below.
      }
    }
    if (batch) {
      LandingFile file = landingFile(options, inputs);
      if (flink) {
        checkReadable(file);
      }
      Pipeline pipeline = Pipeline.create(options);
      pipeline.apply(
          "Batch",
          new BatchPipeline(
              file,
              inputs.contracts(),
              options.getLake(),
              options.getPiiKeysFile(),
              options.getReport()));
      return pipeline;
    }
    Pipeline pipeline = Pipeline.create(options);
    StreamingPipeline streaming =
        new StreamingPipeline(
            LiveInputs.of(options.getContracts(), options.getFeatures()), options);
    switch (options.getSource()) {
      case "kafka" -> {
        String bootstrap = required(options.getBootstrap(), "bootstrap");
        PCollection<BusMessage> messages =
            pipeline.apply(
                "Bus",
                new KafkaBus.Read(bootstrap, options.getTopicPrefix(), options.getConsumerGroup()));
        PCollection<OutgoingMessage> features = messages.apply("Stream", streaming);
        features.apply(
            "Features", new KafkaBus.Write(bootstrap, options.getTopicPrefix() + "features"));
      }
      case "pubsub" -> {
        PCollection<BusMessage> messages =
            pipeline.apply(
                "Bus",
                new PubsubBus.Read(
                    required(options.getChangesSubscription(), "changesSubscription"),
                    required(options.getDeadLetterSubscription(), "deadLetterSubscription")));
        PCollection<OutgoingMessage> features = messages.apply("Stream", streaming);
        features.apply(
            "Features", new PubsubBus.Write(required(options.getFeaturesTopic(), "featuresTopic")));
      }
      default ->
          throw new ConfigurationException(
              "OPTION_INVALID",
              "--source is kafka, pubsub, files, backfill, compact or erase, not "
                  + options.getSource());
    }
    return pipeline;
  }

  /**
   * The cluster restarts jobs without end, as streams need it; a batch that fails shall be told.
   */
  private static void limitRestarts(FlinkPipelineOptions options) {
    if (options.getNumberOfExecutionRetries() < 0) {
      options.setNumberOfExecutionRetries(BATCH_RESTARTS);
      options.setExecutionRetryDelay(BATCH_RESTART_DELAY_MS);
    }
  }

  private static void checkReadable(LandingFile file) {
    try {
      StoredObject.open(file.uri()).close();
    } catch (IOException | RuntimeException e) {
      // S3's client says so by an unchecked exception of its own.
      throw new ConfigurationException(
          "INPUT_MISSING", "--input " + file.uri() + " cannot be read; was it removed?", e);
    }
  }

  private static LandingFile landingFile(TributaryOptions options, CompiledInputs inputs) {
    String stream = required(options.getStream(), "stream");
    Contract contract =
        inputs.contracts().stream(stream)
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        "OPTION_INVALID",
                        "--stream "
                            + stream
                            + " has no contract; known: "
                            + inputs.contracts().streams().keySet()));
    long objectTime;
    try {
      objectTime = Timestamps.parseLenient(required(options.getObjectTime(), "objectTime"));
    } catch (DateTimeException e) {
      throw new ConfigurationException(
          "OPTION_INVALID", "--objectTime is an RFC 3339 time such as 2026-11-21T05:20:02Z", e);
    }
    return new LandingFile(
        required(options.getInput(), "input"),
        stream,
        choice(LandingFile.Format.class, options.getFormat(), "format"),
        choice(LandingFile.Compression.class, options.getCompression(), "compression"),
        options.getMapping() == null
            ? Mapping.identity(contract)
            : Mapping.parse(options.getMapping(), contract),
        required(options.getGeneration(), "generation"),
        objectTime);
  }

  private static <E extends Enum<E>> E choice(Class<E> type, String value, String option) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(required(value, option))) {
        return constant;
      }
    }
    throw new ConfigurationException(
        "OPTION_INVALID",
        "--"
            + option
            + " is one of "
            + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT)
            + ", not "
            + value);
  }

  private static <T> T required(T value, String option) {
    if (value == null) {
      throw new ConfigurationException("OPTION_MISSING", "--" + option + " is missing.");
    }
    return value;
  }
}
