package dev.tributary.pipeline.lake;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.contract.FieldType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.options.PipelineOptions;

/**
 * What the columns of rows on their way are. A row names its columns by a number, so that it still
 * finds them when the contract has changed while it waited, or the job was restored.
 *
 * <p>Who makes rows by a contract keeps its columns in the lake first ({@link #keep}): {@code
 * control/schemas/<stream>-<16 hex digits>.json}, written once. Who writes rows finds them there,
 * unless the contract it was started with has the same.
 */
public final class Schemas {
  /** The raw table's columns never change. */
  public static final long RAW = 0;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final String root;
  private final Map<Long, List<Column>> known = new HashMap<>();

  public Schemas(String root, Contracts contracts) {
    this.root = root;
    known.put(RAW, Table.raw());
    contracts.streams().values().forEach(this::learn);
  }

  /** The number of a contract's columns: a function of their names, types and order. */
  public static long of(Contract contract) {
    Digest digest = new Digest().add(contract.stream());
    for (Column column : Table.processed(contract)) {
      digest.add(column.name()).add(column.type().name());
    }
    return Long.parseUnsignedLong(digest.hex(), 0, 16, 16);
  }

  /** Makes a contract's columns known to every process that may write its rows. */
  public void keep(Contract contract, PipelineOptions options) throws IOException {
    if (known.containsKey(of(contract))) {
      return;
    }
    ArrayNode columns = JSON.createArrayNode();
    for (Column column : Table.processed(contract)) {
      columns.addObject().put("name", column.name()).put("type", column.type().name());
    }
    ObjectStore.open(root, options)
        .putIfAbsent(
            path(contract.stream(), of(contract)),
            JSON.writeValueAsBytes(columns),
            "application/json");
    learn(contract);
  }

  /**
   * The columns of rows of a stream.
   *
   * @throws IOException where neither the contract at hand nor the lake has them
   */
  public List<Column> columns(String stream, long schema) throws IOException {
    List<Column> columns = known.get(schema);
    if (columns == null) {
      columns = load(root + "/" + path(stream, schema));
      known.put(schema, columns);
    }
    return columns;
  }

  private void learn(Contract contract) {
    known.put(of(contract), Table.processed(contract));
  }

  private static List<Column> load(String uri) throws IOException {
    List<Column> columns = new ArrayList<>();
    try (InputStream in =
        Channels.newInputStream(FileSystems.open(FileSystems.matchNewResource(uri, false)))) {
      for (var column : JSON.readTree(in)) {
        columns.add(
            new Column(
                column.required("name").asText(),
                FieldType.valueOf(column.required("type").asText())));
      }
    }
    return List.copyOf(columns);
  }

  private static String path(String stream, long schema) {
    return "control/schemas/%s-%016x.json".formatted(stream, schema);
  }
}
