package dev.tributary.pipeline;

import dev.tributary.pipeline.batch.BatchPipeline;
import dev.tributary.pipeline.batch.LandingFile;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.KafkaBus;
import dev.tributary.pipeline.bus.OutgoingMessage;
import dev.tributary.pipeline.bus.PubsubBus;
import dev.tributary.pipeline.change.LiveInputs;
import dev.tributary.pipeline.contract.Timestamps;
import dev.tributary.pipeline.pii.PiiKeys;
import java.io.IOException;
import java.time.DateTimeException;
import java.util.Locale;
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
    CompiledInputs inputs = CompiledInputs.load(options);
    boolean batch = options.getSource().equals("files");
    options.setStreaming(!batch);
    boolean flink = FlinkRunner.class.equals(options.getRunner());
    if (flink) {
      // A session cluster builds the job where it runs it: what is not there now is said now, by
      // name,
      // and not by a job that restarts for ever.
      FileSystems.setDefaultPipelineOptions(options);
      PiiKeys.load(options.getPiiKeysFile());
    }
    if (flink && !batch) {
      FlinkDefaults.apply(options.as(FlinkPipelineOptions.class));
    }
    if (batch) {
      LandingFile file = landingFile(options, inputs);
      if (flink) {
        checkReadable(file);
      }
      Pipeline pipeline = Pipeline.create(options);
      pipeline.apply(
          "Batch",
          new BatchPipeline(file, inputs.contracts(), options.getLake(), options.getPiiKeysFile()));
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
              "OPTION_INVALID", "--source is kafka, pubsub or files, not " + options.getSource());
    }
    return pipeline;
  }

  private static void checkReadable(LandingFile file) {
    try {
      file.open().close();
    } catch (IOException | RuntimeException e) {
      // S3's client says so by an unchecked exception of its own.
      throw new ConfigurationException(
          "INPUT_MISSING", "--input " + file.uri() + " cannot be read; was it removed?", e);
    }
  }

  private static LandingFile landingFile(TributaryOptions options, CompiledInputs inputs) {
    String stream = required(options.getStream(), "stream");
    if (inputs.contracts().stream(stream).isEmpty()) {
      throw new ConfigurationException(
          "OPTION_INVALID",
          "--stream "
              + stream
              + " has no contract; known: "
              + inputs.contracts().streams().keySet());
    }
    String format = required(options.getFormat(), "format");
    if (!format.equals("csv") && !format.equals("ndjson")) {
      throw new ConfigurationException(
          "OPTION_INVALID", "--format is csv or ndjson, not " + format);
    }
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
        LandingFile.Format.valueOf(format.toUpperCase(Locale.ROOT)),
        required(options.getGeneration(), "generation"),
        objectTime);
  }

  private static <T> T required(T value, String option) {
    if (value == null) {
      throw new ConfigurationException("OPTION_MISSING", "--" + option + " is missing.");
    }
    return value;
  }
}
