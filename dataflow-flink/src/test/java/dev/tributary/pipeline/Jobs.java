package dev.tributary.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.runners.dataflow.options.DataflowPipelineOptions;
import org.apache.beam.sdk.extensions.gcp.auth.NoopCredentialFactory;
import org.apache.beam.sdk.extensions.gcp.storage.NoopPathValidator;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/** Options of the job as it is started in the cloud and on a laptop, without either being there. */
final class Jobs {
  private Jobs() {}

  /**
   * @param template a local file that gets the job instead of the service
   */
  static TributaryOptions onDataflow(String template, String keys, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--runner=DataflowRunner",
                "--project=demo-project",
                "--region=us-central1",
                // Not --tempLocation, whose bucket would be looked up.
                "--gcpTempLocation=gs://offline/tmp",
                "--stagingLocation=gs://offline/staging",
                "--templateLocation=" + template,
                "--filesToStage=pom.xml",
                "--source=pubsub",
                "--changesSubscription=projects/demo-project/subscriptions/changes",
                "--deadLetterSubscription=projects/demo-project/subscriptions/dead-letter",
                "--featuresTopic=projects/demo-project/topics/features"));
    args.addAll(List.of(more));
    TributaryOptions options = options(args, keys);
    DataflowPipelineOptions dataflow = options.as(DataflowPipelineOptions.class);
    dataflow.setCredentialFactoryClass(NoopCredentialFactory.class);
    dataflow.setPathValidatorClass(NoopPathValidator.class);
    dataflow.setStagerClass(OfflineStager.class);
    return options;
  }

  static TributaryOptions onFlink(String keys, String... more) {
    List<String> args = new ArrayList<>(List.of("--runner=FlinkRunner", "--bootstrap=127.0.0.1:1"));
    args.addAll(List.of(more));
    return options(args, keys);
  }

  private static TributaryOptions options(List<String> args, String keys) {
    TributaryOptions options =
        PipelineOptionsFactory.fromArgs(args.toArray(String[]::new)).as(TributaryOptions.class);
    options.setLake("gs://lake");
    options.setPiiKeysFile(keys);
    options.setContracts(Samples.resource("/sample-contracts.json"));
    options.setFeatures(Samples.resource("/sample-features.json"));
    return options;
  }
}
