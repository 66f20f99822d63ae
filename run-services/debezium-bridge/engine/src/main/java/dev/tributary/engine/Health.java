package dev.tributary.engine;

import com.sun.net.httpserver.HttpServer;
import io.debezium.engine.DebeziumEngine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** {@code GET /healthz} on the loopback: 200 while changes are read, 503 before. */
final class Health implements DebeziumEngine.ConnectorCallback {
  private volatile boolean polling;

  /**
   * @param port where to listen; 0 for not at all
   */
  void listen(int port) throws IOException {
    if (port == 0) {
      return;
    }
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext(
        "/healthz",
        exchange -> {
          exchange.sendResponseHeaders(polling ? 200 : 503, -1);
          exchange.close();
        });
    server.start();
  }

  @Override
  public void pollingStarted() {
    polling = true;
  }

  @Override
  public void pollingStopped() {
    polling = false;
  }
}
