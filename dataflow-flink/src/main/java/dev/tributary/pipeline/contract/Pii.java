package dev.tributary.pipeline.contract;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What happens to a field's value before it is stored anywhere. */
public enum Pii {
  @JsonProperty("none")
  NONE,
  @JsonProperty("tokenize")
  TOKENIZE,
  @JsonProperty("mask")
  MASK,
  @JsonProperty("drop")
  DROP
}
