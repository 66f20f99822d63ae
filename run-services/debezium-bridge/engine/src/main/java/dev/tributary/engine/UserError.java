package dev.tributary.engine;

/** The configuration or the database is not as it must be; the message says what to change. */
final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UserError(String message) {
    super(message);
  }
}
