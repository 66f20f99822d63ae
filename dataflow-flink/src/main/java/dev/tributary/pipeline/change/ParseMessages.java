package dev.tributary.pipeline.change;

import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.feature.FeatureGroups;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Reads messages and keys what they lead to by a bucket of their id. */
public final class ParseMessages extends DoFn<BusMessage, KV<Integer, Arrival>> {
  private static final long serialVersionUID = 1L;

  private final Contracts contracts;
  private final FeatureGroups groups;
  private final String piiKeysFile;
  private transient MessageReader reader;

  public ParseMessages(Contracts contracts, FeatureGroups groups, String piiKeysFile) {
    this.contracts = contracts;
    this.groups = groups;
    this.piiKeysFile = piiKeysFile;
  }

  @StartBundle
  public void startBundle() {
    // Not at set-up: file systems are ready only now on every runner.
    if (reader == null) {
      reader = new MessageReader(contracts, groups, new Protection(PiiKeys.load(piiKeysFile)));
    }
  }

  @ProcessElement
  public void process(@Element BusMessage message, OutputReceiver<KV<Integer, Arrival>> output) {
    Arrival arrival = reader.read(message);
    output.output(KV.of(Deduplicate.bucket(arrival.id()), arrival));
  }
}
