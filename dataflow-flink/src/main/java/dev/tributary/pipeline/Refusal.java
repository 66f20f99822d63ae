package dev.tributary.pipeline;

/**
 * Why an event, a row or a line cannot be processed. It becomes a dead letter.
 *
 * <p>The message names fields and rules, never values: values may be a person's.
 */
public final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final Reason reason;
  private final String field;

  /**
   * @param field the field at fault, or null where it is the whole
   */
  public Refusal(Reason reason, String field, String message) {
    // Refusals are ordinary results and many in a bad file: no stack trace.
    super(message, null, false, false);
    this.reason = reason;
    this.field = field;
  }

  public Reason reason() {
    return reason;
  }

  public String field() {
    return field;
  }

  /** Reason codes of docs/interfaces.md#dead-letter that this pipeline gives. */
  public enum Reason {
    /** A value breaks its field's contract. */
    CONTRACT_VIOLATION,
    /** No contract knows the stream. */
    UNKNOWN_STREAM,
    /** The bytes are not the format they should be. */
    UNREADABLE,
    /** A value fits the contract, but no column can hold it. */
    UNREPRESENTABLE,
    /** A line of a batch file that cannot be read. */
    BAD_LINE,
    /** The windows that an event belongs to are closed for good. */
    LATE
  }
}
