package dev.tributary.pipeline.lake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.joda.time.Instant;

/**
 * The few requests of Cloud Storage's JSON API that the store sends: uploads in one request with
 * their precondition, listings of two objects a page, downloads.
 */
final class FakeGcs implements AutoCloseable {
  static final long UPDATED = Instant.parse("2026-11-21T05:20:00.123Z").getMillis();

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String OBJECTS = "/storage/v1/b/lake/o";
  private static final int PAGE = 2;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final TreeMap<String, byte[]> objects = new TreeMap<>();
  private final List<String> finalized = new ArrayList<>();
  private int uploads;
  private int answersToLose;
  private int refusal;

  private FakeGcs(HttpServer server) {
    this.server = server;
  }

  static FakeGcs start() throws IOException {
    FakeGcs gcs =
        new FakeGcs(
            HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
    gcs.server.setExecutor(gcs.threads);
    gcs.server.createContext("/", gcs::handle);
    gcs.server.start();
    return gcs;
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/storage/v1/";
  }

  /** Every object that was created or replaced, with its type: one event each. */
  synchronized List<String> finalized() {
    return List.copyOf(finalized);
  }

  synchronized int uploads() {
    return uploads;
  }

  /** The next uploads are done, and answered as if they were not. */
  synchronized void loseAnswers(int count) {
    answersToLose = count;
  }

  synchronized void refuseWith(int status) {
    refusal = status;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private synchronized void handle(HttpExchange exchange) throws IOException {
    // Google's client sends downloads to an address of their own.
    String path = exchange.getRequestURI().getRawPath().replaceFirst("^/download", "");
    Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
    byte[] body = exchange.getRequestBody().readAllBytes();
    if ("gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))) {
      body = new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes();
    }
    if (refusal != 0) {
      answer(exchange, refusal, "{}");
    } else if (path.equals("/upload" + OBJECTS)) {
      upload(exchange, query, body);
    } else if (path.equals(OBJECTS)) {
      list(exchange, query);
    } else if (path.startsWith(OBJECTS + "/") && "media".equals(query.get("alt"))) {
      byte[] content =
          objects.get(decode(path.substring(OBJECTS.length() + 1).replace("+", "%2B")));
      if (content == null) {
        answer(exchange, 404, "{}");
      } else {
        answer(exchange, 200, content);
      }
    } else {
      answer(exchange, 400, "{\"error\":{\"message\":\"not expected: " + path + "\"}}");
    }
  }

  private void upload(HttpExchange exchange, Map<String, String> query, byte[] body)
      throws IOException {
    uploads++;
    if (!"multipart".equals(query.get("uploadType"))) {
      answer(exchange, 400, "{\"error\":{\"message\":\"more than one request an upload\"}}");
      return;
    }
    List<byte[]> parts = parts(exchange.getRequestHeaders().getFirst("Content-Type"), body);
    JsonNode object = JSON.readTree(parts.get(0));
    String name = object.get("name").asText();
    if ("0".equals(query.get("ifGenerationMatch")) && objects.containsKey(name)) {
      answer(exchange, 412, "{\"error\":{\"code\":412,\"message\":\"conditionNotMet\"}}");
      return;
    }
    objects.put(name, parts.get(1));
    finalized.add(name + " " + object.get("contentType").asText());
    if (answersToLose > 0) {
      answersToLose--;
      answer(exchange, 503, "{}");
    } else {
      answer(exchange, 200, "{\"name\":" + JSON.writeValueAsString(name) + "}");
    }
  }

  private void list(HttpExchange exchange, Map<String, String> query) throws IOException {
    String prefix = query.getOrDefault("prefix", "");
    ObjectNode page = JSON.createObjectNode();
    ArrayNode items = JSON.createArrayNode();
    String last = query.getOrDefault("pageToken", "");
    for (String name : objects.tailMap(last, false).keySet()) {
      if (!name.startsWith(prefix)) {
        continue;
      }
      if (items.size() == PAGE) {
        page.put("nextPageToken", items.get(PAGE - 1).get("name").asText());
        break;
      }
      items
          .addObject()
          .put("name", name)
          .put("size", Integer.toString(objects.get(name).length))
          .put("updated", new Instant(UPDATED).toString());
    }
    if (!items.isEmpty()) {
      page.set("items", items);
    }
    answer(exchange, 200, page.toString());
  }

  /** The bodies of a multipart request's parts. */
  private static List<byte[]> parts(String contentType, byte[] body) {
    String boundary = "--" + contentType.replaceFirst(".*boundary=\"?([^\";]+)\"?.*", "$1");
    String text = new String(body, StandardCharsets.ISO_8859_1);
    List<byte[]> parts = new ArrayList<>();
    for (String part : text.split(Pattern.quote(boundary))) {
      int start = part.indexOf("\r\n\r\n");
      if (start >= 0) {
        String content = part.substring(start + 4);
        parts.add(content.substring(0, content.length() - 2).getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    return parts;
  }

  private static Map<String, String> query(String raw) {
    Map<String, String> query = new HashMap<>();
    if (raw != null) {
      for (String pair : raw.split("&")) {
        int equals = pair.indexOf('=');
        query.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
      }
    }
    return query;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private static void answer(HttpExchange exchange, int status, String json) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    answer(exchange, status, json.getBytes(StandardCharsets.UTF_8));
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    try (var out = exchange.getResponseBody()) {
      out.write(body);
    }
  }
}
