package dev.tributary.pipeline.batch;

/**
 * Why no row of a file can be taken. The message names columns and rules, never values.
 *
 * <p>Unlike a failure of the store it is the same at every attempt, so the job ends well and
 * reports it: docs/interfaces.md#landing-report.
 */
final class FileRefusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final Code code;

  FileRefusal(Code code, String message) {
    super(message);
    this.code = code;
  }

  FileRefusal(Code code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  Code code() {
    return code;
  }

  /** What is wrong with the file as a whole. */
  enum Code {
    /** It is cut off or damaged; drop it again. */
    CORRUPT_FILE,
    /** Its columns are not those of the contract or the mapping. */
    WRONG_COLUMNS,
    /** Its format has a part that is not read here, such as a rare compression. */
    UNSUPPORTED_FORMAT
  }
}
