package dev.tributary.engine;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;

public class BridgeClientTest {
  private final List<String> received = Collections.synchronizedList(new ArrayList<>());

  /** Statuses to answer with, then 200. */
  private final Deque<Integer> answers = new ArrayDeque<>();

  private final Committer committer = new Committer();
  private HttpServer server;
  private BridgeClient client;

  @Before
  public void listen() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/batches",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          Integer status = answers.poll();
          if (status == null) {
            received.add(new String(body, StandardCharsets.UTF_8));
          }
          byte[] answer = "{\"code\":\"WHY\"}".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status == null ? 200 : status, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    client =
        new BridgeClient(
            URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/batches"));
  }

  @After
  public void close() {
    server.stop(0);
  }

  @Test
  public void aBatchIsOneArrayInOrderAndIsProcessedOnceTaken() throws Exception {
    client.handleBatch(List.of(new Event("{\"a\":\"é\"}"), new Event("{\"b\":2}")), committer);
    assertEquals(List.of("[{\"a\":\"é\"},{\"b\":2}]"), received);
    assertEquals(List.of("{\"a\":\"é\"}", "{\"b\":2}"), committer.processed);
    assertEquals(1, committer.batches);
  }

  @Test
  public void aTombstoneIsProcessedWithoutBeingSent() throws Exception {
    client.handleBatch(List.of(new Event(null)), committer);
    assertEquals(List.of(), received);
    assertEquals(1, committer.processed.size());
  }

  @Test
  public void aBatchIsOfferedUntilItIsTaken() throws Exception {
    answers.addAll(List.of(503, 500, 429));
    client.handleBatch(List.of(new Event("1")), committer);
    assertEquals(List.of("[1]"), received);
    assertEquals(1, committer.batches);
  }

  @Test
  public void aRefusedBatchEndsTheEngineAndIsNotProcessed() {
    answers.add(400);
    UserError error =
        assertThrows(UserError.class, () -> client.handleBatch(List.of(new Event("1")), committer));
    assertTrue(error.getMessage(), error.getMessage().contains("HTTP 400: {\"code\":\"WHY\"}"));
    assertEquals(List.of(), committer.processed);
  }

  @Test
  public void aLargeBatchIsSeveralRequestsInOrder() throws Exception {
    List<ChangeEvent<String, String>> events =
        IntStream.range(0, 5)
            .<ChangeEvent<String, String>>mapToObj(
                n -> new Event("\"" + n + "x".repeat(6 * 1024 * 1024) + "\""))
            .toList();
    client.handleBatch(events, committer);
    assertEquals(3, received.size());
    assertEquals(
        events.stream().map(ChangeEvent::value).toList(),
        received.stream()
            .flatMap(body -> List.of(body.substring(1, body.length() - 1).split(",")).stream())
            .toList());
    assertEquals(5, committer.processed.size());
  }

  private record Event(String value) implements ChangeEvent<String, String> {
    @Override
    public String key() {
      return null;
    }

    @Override
    public String destination() {
      return "app.shop.orders";
    }

    @Override
    public Integer partition() {
      return null;
    }
  }

  private static final class Committer
      implements DebeziumEngine.RecordCommitter<ChangeEvent<String, String>> {
    private final List<String> processed = new ArrayList<>();
    private int batches;

    @Override
    public void markProcessed(ChangeEvent<String, String> record) {
      processed.add(record.value());
    }

    @Override
    public void markProcessed(
        ChangeEvent<String, String> record, DebeziumEngine.Offsets sourceOffsets) {
      throw new UnsupportedOperationException();
    }

    @Override
    public DebeziumEngine.Offsets buildOffsets() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void markBatchFinished() {
      batches++;
    }
  }
}
