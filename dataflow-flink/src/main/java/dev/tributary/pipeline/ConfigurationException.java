package dev.tributary.pipeline;

/** The options or the files they name are wrong; the message says how to mend it. */
public final class ConfigurationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;

  public ConfigurationException(String code, String message) {
    this(code, message, null);
  }

  public ConfigurationException(String code, String message, Throwable cause) {
    super(code + ": " + message, cause);
    this.code = code;
  }

  /** Stable, for machines. */
  public String code() {
    return code;
  }
}
