package dev.tributary.engine;

import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.Json;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Follows the publication of a Postgres database and posts its changes to the bridge, until it is
 * told to stop (exit status 0) or cannot go on (1, after one line that says why).
 */
public final class Main {
  private static final Logger LOG = Logger.getLogger(Main.class.getName());

  private Main() {}

  public static void main(String[] args) {
    Logs.install();
    System.exit(run() ? 0 : 1);
  }

  private static boolean run() {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    try {
      follow(Settings.from(System.getenv()), failure);
    } catch (Exception e) {
      failure.compareAndSet(null, e);
    }
    if (failure.get() != null) {
      LOG.log(Level.SEVERE, "The engine ended", failure.get());
    }
    return failure.get() == null;
  }

  private static void follow(Settings settings, AtomicReference<Throwable> failure)
      throws Exception {
    List<String> tables = Source.tables(settings);
    Health health = new Health();
    health.listen(settings.healthPort());
    DebeziumEngine<ChangeEvent<String, String>> engine =
        DebeziumEngine.create(Json.class)
            .using(settings.debezium(tables))
            .notifying(new BridgeClient(settings.bridge()))
            .using((DebeziumEngine.ConnectorCallback) health)
            .using(
                (success, message, error) -> {
                  if (!success) {
                    failure.set(error == null ? new UserError(message) : error);
                  }
                })
            .build();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(engine), "close"));
    LOG.info(
        () -> "Following %s through slot %s".formatted(String.join(", ", tables), settings.slot()));
    engine.run();
  }

  private static void close(DebeziumEngine<?> engine) {
    try {
      engine.close();
    } catch (IOException | IllegalStateException e) {
      // It ended by itself, or had not started: there is nothing to close.
      LOG.log(Level.FINE, "Nothing to close", e);
    }
  }
}
