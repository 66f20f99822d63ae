package dev.tributary.pipeline.erasure;

import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.lake.StoredObject;
import dev.tributary.pipeline.rewrite.WriteReport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PDone;

/**
 * Looks through {@code raw/} and {@code processed/} for a person's rows and stages each file that
 * has some without them; {@link dev.tributary.pipeline.rewrite} says what becomes of what is
 * staged. Files without the person are not touched. A second run finds nothing.
 *
 * <p>Memory: one file at a time. Every file of {@code raw/} is read, for what no contract knows may
 * be about anybody; of {@code processed/} the streams that are about such a subject.
 */
public final class ErasePipeline extends PTransform<PBegin, PDone> {
  private static final long serialVersionUID = 1L;

  /** Beside the streams' own results. */
  private static final String REPORT = "rewrites/done/_erasure/%s/report.json";

  private final Contracts contracts;
  private final String subject;
  private final String lake;
  private final String request;
  private final String piiKeysFile;
  private final String run;
  private final boolean countOnly;

  /**
   * @param subject such as {@code customer}: says which streams to look through
   * @param request where beneath the lake's root the sealed {@link EraseRequest} lies
   * @param countOnly stages nothing, and counts what it would
   */
  public ErasePipeline(
      Contracts contracts,
      String subject,
      String lake,
      String request,
      String piiKeysFile,
      String run,
      boolean countOnly) {
    this.contracts = contracts;
    this.subject = subject;
    this.lake = lake;
    this.request = request;
    this.piiKeysFile = piiKeysFile;
    this.run = run;
    this.countOnly = countOnly;
  }

  @Override
  public PDone expand(PBegin input) {
    List<String> prefixes = new ArrayList<>(List.of("raw/"));
    for (Contract contract : contracts.streams().values()) {
      contract
          .subject()
          .filter(field -> field.subject().equals(subject))
          .ifPresent(field -> prefixes.add("processed/" + contract.stream() + "/"));
    }
    KvCoder<String, Long> tally = KvCoder.of(StringUtf8Coder.of(), VarLongCoder.of());
    input
        .apply("Prefixes", Create.of(prefixes).withCoder(StringUtf8Coder.of()))
        .apply("List", ParDo.of(new ListParts(lake)))
        .setCoder(SerializableCoder.of(StoredObject.class))
        .apply("Spread", Reshuffle.viaRandomKey())
        .apply(
            "Erase", ParDo.of(new EraseFile(lake, request, contracts, piiKeysFile, run, countOnly)))
        .setCoder(tally)
        .apply("Sum", Sum.longsPerKey())
        .apply("Together", WithKeys.of(""))
        .setCoder(KvCoder.of(StringUtf8Coder.of(), tally))
        .apply("Whole", GroupByKey.create())
        .apply("Report", ParDo.of(new WriteReport(lake, REPORT.formatted(run))));
    return PDone.in(input.getPipeline());
  }

  /** Finds the visible files beneath a prefix. */
  private static final class ListParts extends DoFn<String, StoredObject> {
    private static final long serialVersionUID = 1L;

    private final String root;

    ListParts(String root) {
      this.root = root;
    }

    @ProcessElement
    public void process(
        @Element String prefix, PipelineOptions options, OutputReceiver<StoredObject> output)
        throws IOException {
      try (Stream<StoredObject> objects = ObjectStore.open(root, options).list(prefix)) {
        for (Iterator<StoredObject> each = objects.iterator(); each.hasNext(); ) {
          StoredObject object = each.next();
          if (object.isPart()) {
            output.output(object);
          }
        }
      }
    }
  }
}
