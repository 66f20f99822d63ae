package dev.tributary.engine;

import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Logger;

/**
 * Hands Debezium's batches to the bridge.
 *
 * <p>A batch counts as processed only after the bridge said so, and the bridge says so only after
 * the bus did. While the bridge or the bus is away the batch waits here: Debezium's queue fills,
 * and Postgres keeps its WAL.
 */
final class BridgeClient implements DebeziumEngine.ChangeConsumer<ChangeEvent<String, String>> {
  private static final Logger LOG = Logger.getLogger(BridgeClient.class.getName());

  /**
   * A quarter of what the bridge takes (src/server.ts BODY_LIMIT_BYTES); only a single larger event
   * makes a larger request.
   */
  private static final int MAX_REQUEST_BYTES = 16 * 1024 * 1024;

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);
  private static final long FIRST_DELAY_MS = 100;
  private static final long MAX_DELAY_MS = 5_000;

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();
  private final URI endpoint;

  BridgeClient(URI endpoint) {
    this.endpoint = endpoint;
  }

  @Override
  public void handleBatch(
      List<ChangeEvent<String, String>> records,
      DebeziumEngine.RecordCommitter<ChangeEvent<String, String>> committer)
      throws InterruptedException {
    Request request = new Request();
    for (ChangeEvent<String, String> record : records) {
      byte[] event =
          record.value() == null ? new byte[0] : record.value().getBytes(StandardCharsets.UTF_8);
      if (!request.hasRoomFor(event)) {
        deliver(request, committer);
        request = new Request();
      }
      request.add(record, event);
    }
    deliver(request, committer);
    committer.markBatchFinished();
  }

  private void deliver(
      Request request, DebeziumEngine.RecordCommitter<ChangeEvent<String, String>> committer)
      throws InterruptedException {
    if (request.holdsEvents()) {
      post(request.body());
    }
    for (ChangeEvent<String, String> record : request.records) {
      committer.markProcessed(record);
    }
  }

  /**
   * Tries until the bridge takes the batch. There is no other place for it to go, so there is no
   * last attempt.
   */
  private void post(byte[] body) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(endpoint)
            .timeout(ANSWER_TIMEOUT)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    long delay = FIRST_DELAY_MS;
    for (int attempt = 1; ; attempt++) {
      String reason;
      try {
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() / 100 == 2) {
          return;
        }
        if (isRefusal(response.statusCode())) {
          throw new UserError(
              "The bridge refused a batch of %d bytes with HTTP %d: %s"
                  .formatted(body.length, response.statusCode(), response.body()));
        }
        reason = "HTTP " + response.statusCode() + " " + response.body();
      } catch (IOException e) {
        reason = Reasons.of(e);
      }
      LOG.warning(
          "The bridge at %s did not take a batch (%s); attempt %d follows in %d ms"
              .formatted(endpoint, reason, attempt + 1, delay));
      Thread.sleep(delay);
      delay = Math.min(delay * 2, MAX_DELAY_MS);
    }
  }

  /**
   * Request timeout and too many requests may pass; any other 4xx comes back the same however often
   * it is asked.
   */
  private static boolean isRefusal(int status) {
    return status / 100 == 4 && status != 408 && status != 429;
  }

  /** A JSON array of events within the size of one request. */
  private static final class Request {
    private final List<ChangeEvent<String, String>> records = new ArrayList<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(64 * 1024);

    boolean hasRoomFor(byte[] event) {
      return !holdsEvents() || bytes.size() + event.length < MAX_REQUEST_BYTES;
    }

    boolean holdsEvents() {
      return bytes.size() > 0;
    }

    void add(ChangeEvent<String, String> record, byte[] event) {
      records.add(record);
      if (event.length > 0) {
        bytes.write(holdsEvents() ? ',' : '[');
        bytes.write(event, 0, event.length);
      }
    }

    byte[] body() {
      bytes.write(']');
      return bytes.toByteArray();
    }
  }
}
