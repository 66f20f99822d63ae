package dev.tributary.pipeline;

import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.runners.AppliedPTransform;
import org.apache.beam.sdk.runners.PTransformOverride;
import org.apache.beam.sdk.runners.PTransformOverrideFactory;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.util.construction.PTransformMatchers;
import org.apache.beam.sdk.util.construction.PTransformReplacements;
import org.apache.beam.sdk.util.construction.ReplacementOutputs;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TupleTag;

/**
 * Makes Dataflow keep what {@code @RequiresStableInput} promises, which its runner does not look at
 * (BEAM-4684, a comment in DataflowRunner): a shuffle before the step keeps the input, and a bundle
 * that is tried again gets the very same elements. Without it {@code WriteFiles} would be fused
 * with {@code Gather}, and a file whose write was repeated could have gathered more rows meanwhile,
 * under another name, beside the first.
 */
final class StableInput {
  /** The step before. */
  static final String KEPT = "KeepInput";

  /** The step itself, beneath the name it had. */
  static final String STEP = "WithStableInput";

  private StableInput() {}

  /** Puts a shuffle before every step that needs one; all of ours have one output. */
  static void keep(Pipeline pipeline) {
    pipeline.replaceAll(
        List.of(
            PTransformOverride.of(
                PTransformMatchers.requiresStableInputParDoSingle(), new Shuffled<>())));
  }

  private static final class Shuffled<InputT, OutputT>
      implements PTransformOverrideFactory<
          PCollection<InputT>, PCollection<OutputT>, ParDo.SingleOutput<InputT, OutputT>> {
    @Override
    public PTransformReplacement<PCollection<InputT>, PCollection<OutputT>> getReplacementTransform(
        AppliedPTransform<
                PCollection<InputT>, PCollection<OutputT>, ParDo.SingleOutput<InputT, OutputT>>
            step) {
      return PTransformReplacement.of(
          PTransformReplacements.getSingletonMainInput(step), new Both<>(step.getTransform()));
    }

    @Override
    public Map<PCollection<?>, ReplacementOutput> mapOutputs(
        Map<TupleTag<?>, PCollection<?>> outputs, PCollection<OutputT> output) {
      return ReplacementOutputs.singleton(outputs, output);
    }
  }

  private static final class Both<InputT, OutputT>
      extends PTransform<PCollection<InputT>, PCollection<OutputT>> {
    private static final long serialVersionUID = 1L;

    private final ParDo.SingleOutput<InputT, OutputT> step;

    Both(ParDo.SingleOutput<InputT, OutputT> step) {
      this.step = step;
    }

    @Override
    public PCollection<OutputT> expand(PCollection<InputT> input) {
      return input.apply(KEPT, Reshuffle.viaRandomKey()).apply(STEP, step);
    }
  }
}
