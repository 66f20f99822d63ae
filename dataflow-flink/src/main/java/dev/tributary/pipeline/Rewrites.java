package dev.tributary.pipeline;

import dev.tributary.pipeline.backfill.BackfillPipeline;
import dev.tributary.pipeline.backfill.TimeRange;
import dev.tributary.pipeline.compact.CompactPipeline;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Timestamps;
import dev.tributary.pipeline.erasure.ErasePipeline;
import java.time.DateTimeException;
import java.util.regex.Pattern;
import org.apache.beam.sdk.Pipeline;
import org.joda.time.Duration;

/** The batch modes that rewrite files of the lake, from their options. */
final class Rewrites {
  /** It becomes a folder's name. */
  private static final Pattern RUN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]{0,99}");

  private static final Pattern STREAM = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

  private Rewrites() {}

  static Pipeline backfill(TributaryOptions options, CompiledInputs inputs) {
    String stream = required(options.getStream(), "stream");
    Contract contract =
        inputs.contracts().stream(stream)
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        "OPTION_INVALID",
                        "--stream %s has no contract; known: %s"
                            .formatted(stream, inputs.contracts().streams().keySet())));
    TimeRange range = new TimeRange(time(options.getFrom(), "from"), time(options.getTo(), "to"));
    if (range.from() >= range.to()) {
      throw new ConfigurationException("OPTION_INVALID", "--from must be before --to.");
    }
    Pipeline pipeline = Pipeline.create(options);
    pipeline.apply(
        "Backfill",
        new BackfillPipeline(
            inputs,
            contract,
            range,
            options.getLake(),
            options.getPiiKeysFile(),
            Duration.standardSeconds(options.getSettleSeconds()),
            run(options)));
    return pipeline;
  }

  static Pipeline compact(TributaryOptions options) {
    String stream = options.getStream();
    if (stream != null && !STREAM.matcher(stream).matches()) {
      throw new ConfigurationException("OPTION_INVALID", "--stream is no stream's name.");
    }
    Pipeline pipeline = Pipeline.create(options);
    pipeline.apply(
        "Compact",
        new CompactPipeline(
            options.getLake(),
            stream,
            Duration.standardSeconds(options.getOlderThanSeconds()),
            options.getCompactedFileBytes(),
            run(options)));
    return pipeline;
  }

  static Pipeline erase(TributaryOptions options, CompiledInputs inputs) {
    String subject = required(options.getSubject(), "subject");
    boolean known =
        inputs.contracts().streams().values().stream()
            .flatMap(contract -> contract.subject().stream())
            .anyMatch(field -> field.subject().equals(subject));
    if (!known) {
      throw new ConfigurationException(
          "OPTION_INVALID", "--subject %s is declared by no contract.".formatted(subject));
    }
    Pipeline pipeline = Pipeline.create(options);
    pipeline.apply(
        "Erase",
        new ErasePipeline(
            inputs.contracts(),
            subject,
            options.getLake(),
            required(options.getErasure(), "erasure"),
            options.getPiiKeysFile(),
            run(options),
            options.getCountOnly()));
    return pipeline;
  }

  private static String run(TributaryOptions options) {
    String run = required(options.getRun(), "run");
    if (!RUN.matcher(run).matches()) {
      throw new ConfigurationException(
          "OPTION_INVALID", "--run holds letters, digits and dashes, at most 100.");
    }
    return run;
  }

  private static long time(String text, String option) {
    try {
      return Timestamps.parseLenient(required(text, option));
    } catch (DateTimeException e) {
      throw new ConfigurationException(
          "OPTION_INVALID", "--" + option + " is an RFC 3339 time such as 2026-11-21T05:20:02Z", e);
    }
  }

  private static String required(String value, String option) {
    if (value == null) {
      throw new ConfigurationException("OPTION_MISSING", "--" + option + " is missing.");
    }
    return value;
  }
}
