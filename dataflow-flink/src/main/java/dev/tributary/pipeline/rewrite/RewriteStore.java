package dev.tributary.pipeline.rewrite;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.lake.StoredObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/** Stages rewrites for {@code load-warehouse} to commit: docs/interfaces.md#rewrites. */
public final class RewriteStore {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PARQUET = "application/vnd.apache.parquet";

  private final ObjectStore store;
  private final String run;

  /** Why a folder is rewritten. */
  public enum Kind {
    COMPACTION,
    BACKFILL,
    ERASURE
  }

  /** An encoded file. */
  public record Content(byte[] bytes, long rows) {}

  /**
   * @param run names the job's run; what it stages lies together
   */
  public RewriteStore(ObjectStore store, String run) {
    this.store = store;
    this.run = run;
  }

  /**
   * Stages a rewrite; the manifest comes last and makes it one.
   *
   * @param folder {@code processed/<stream>/dt=/hr=/}
   * @param inputs objects of the folder whose rows the output holds; may be none
   * @param changes the rows that differ from what the inputs held, or null where none does
   * @return the manifest's path
   */
  public String stage(
      Kind kind, String folder, List<StoredObject> inputs, Content output, Content changes)
      throws IOException {
    String stream = folder.split("/")[1];
    String open = "rewrites/open/%s/%s/".formatted(stream, run);
    String hash = new Digest().add(folder).add(output.bytes()).hex();
    List<StoredObject> sorted =
        inputs.stream().sorted(Comparator.comparing(StoredObject::path)).toList();
    Digest id = new Digest().add(kind.name()).add(folder).add(hash);
    sorted.forEach(input -> id.add(input.path()));
    String name = id.id();

    ObjectNode manifest = JSON.createObjectNode();
    manifest.put("id", name);
    manifest.put("run", run);
    manifest.put("kind", kind.name().toLowerCase(java.util.Locale.ROOT));
    manifest.put("state", "staged");
    manifest.put("folder", folder);
    ArrayNode inputNodes = manifest.putArray("inputs");
    sorted.forEach(
        input -> inputNodes.addObject().put("name", input.path()).put("size", input.size()));
    manifest.set(
        "output",
        staged(open + name + ".output.parquet", output)
            .put("name", folder + "part-" + hash + ".parquet"));
    if (changes == null) {
      manifest.putNull("changes");
    } else {
      manifest.set("changes", staged(open + name + ".changes.parquet", changes));
    }
    String path = open + name + ".json";
    store.putIfAbsent(
        path, manifest.toString().getBytes(StandardCharsets.UTF_8), "application/json");
    return path;
  }

  private ObjectNode staged(String path, Content content) throws IOException {
    store.put(path, content.bytes(), PARQUET);
    return JSON.createObjectNode()
        .put("staged", path)
        .put("size", content.bytes().length)
        .put("rows", content.rows());
  }
}
