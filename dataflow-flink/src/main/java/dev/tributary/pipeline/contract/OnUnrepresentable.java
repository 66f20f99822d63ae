package dev.tributary.pipeline.contract;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What becomes of a value that no column can hold, where its row is not to be a dead letter. */
public enum OnUnrepresentable {
  @JsonProperty("null")
  NULL,
  /** The nearest value there is; NaN, which has none, is a dead letter all the same. */
  @JsonProperty("clamp")
  CLAMP
}
