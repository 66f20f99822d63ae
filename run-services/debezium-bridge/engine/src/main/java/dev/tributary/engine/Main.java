package dev.tributary.engine;

import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.Json;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Follows the publication of a Postgres database and posts its changes to the bridge, until it is told to stop or cannot go on. */
public final class Main {
  private static final Logger LOG = Logger.getLogger(Main.class.getName());

  private Main() {}

  public static void main(String[] args) {
    Logs.install();
    try {
      run(Settings.from(System.getenv()));
    } catch (Exception e) {
      LOG.log(Level.SEVERE, "The engine ended", e);
      System.exit(1);
    }
    System.exit(0);
  }

  private static void run(Settings settings) throws Exception {
    List<String> tables = Source.tables(settings);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    DebeziumEngine<ChangeEvent<String, String>> engine =
        DebeziumEngine.create(Json.class)
            .using(settings.debezium(tables))
            .notifying(new BridgeClient(settings.bridge()))
            .using(
                (success, message, error) -> {
                  if (!success) {
                    failure.set(error == null ? new UserError(message) : error);
                  }
                })
            .build();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(engine), "close"));
    LOG.info("Following %s through slot %s".formatted(String.join(", ", tables), settings.slot()));
    engine.run();
    if (failure.get() != null) {
      throw new ExecutionFailure(failure.get());
    }
  }

  private static void close(DebeziumEngine<?> engine) {
    try {
      engine.close();
    } catch (IOException | IllegalStateException e) {
      // Already closed, or not yet started: there is nothing to end.
      LOG.log(Level.FINE, "Nothing to close", e);
    }
  }

  private static final class ExecutionFailure extends Exception {
    private static final long serialVersionUID = 1L;

    ExecutionFailure(Throwable cause) {
      super(cause);
    }
  }
}
