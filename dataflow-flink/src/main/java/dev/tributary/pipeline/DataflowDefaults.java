package dev.tributary.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.runners.dataflow.options.DataflowPipelineOptions;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubIO;
import org.apache.beam.sdk.options.ExperimentalOptions;

/** What the stream needs of Dataflow. */
final class DataflowDefaults {
  private DataflowDefaults() {}

  /** Adds to what the command line says. */
  static void apply(DataflowPipelineOptions options) {
    // State and timers live in the service, not on the disks of the workers: what one element may
    // have (--maxFileBytes) is reckoned for it, and workers come and go with the load.
    options.setEnableStreamingEngine(true);
    // Dataflow's own sink refuses ordering keys (https://issuetracker.google.com/issues/200955424).
    // The source stays Dataflow's own: it is the one that deduplicates by the id attribute.
    List<String> experiments =
        new ArrayList<>(options.getExperiments() == null ? List.of() : options.getExperiments());
    if (!ExperimentalOptions.hasExperiment(options, PubsubIO.ENABLE_CUSTOM_PUBSUB_SINK)) {
      experiments.add(PubsubIO.ENABLE_CUSTOM_PUBSUB_SINK);
    }
    options.setExperiments(experiments);
  }
}
