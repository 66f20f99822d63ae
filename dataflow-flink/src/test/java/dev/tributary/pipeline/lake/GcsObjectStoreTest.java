package dev.tributary.pipeline.lake;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.apache.beam.sdk.extensions.gcp.auth.NoopCredentialFactory;
import org.apache.beam.sdk.extensions.gcp.options.GcsOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;

public class GcsObjectStoreTest {
  private static final String JSON = "application/json";

  private FakeGcs gcs;
  private ObjectStore store;

  @Before
  public void setUp() throws IOException {
    gcs = FakeGcs.start();
    store = open("gs://lake");
  }

  @After
  public void tearDown() {
    gcs.close();
  }

  @Test
  public void theFirstWriteOfANameStaysAndRaisesTheOnlyEvent() throws IOException {
    store.putIfAbsent("processed/a/part-1.parquet", bytes("first"), JSON);
    store.putIfAbsent("processed/a/part-1.parquet", bytes("second"), JSON);
    assertArrayEquals(bytes("first"), store.get("processed/a/part-1.parquet"));
    assertEquals(List.of("processed/a/part-1.parquet " + JSON), gcs.finalized());
  }

  @Test
  public void oneOfManyWritersAtOnceWins() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Callable<Void>> writers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      byte[] content = bytes("writer " + i);
      writers.add(
          () -> {
            store.putIfAbsent("raced", content, JSON);
            return null;
          });
    }
    for (var writer : threads.invokeAll(writers)) {
      writer.get();
    }
    threads.shutdown();
    assertEquals(1, gcs.finalized().size());
  }

  @Test
  public void aWriteWhoseAnswerWasLostIsRepeatedAndStillRaisesOneEvent() throws IOException {
    gcs.loseAnswers(1);
    store.putIfAbsent("once", bytes("x"), JSON);
    assertEquals(1, gcs.finalized().size());
    assertEquals(2, gcs.uploads());
  }

  @Test
  public void putReplaces() throws IOException {
    store.put("control/state.json", bytes("one"), JSON);
    store.put("control/state.json", bytes("two"), JSON);
    assertArrayEquals(bytes("two"), store.get("control/state.json"));
    assertEquals(2, gcs.finalized().size());
  }

  @Test
  public void aListingGoesThroughAllPagesInNameOrderAndTellsSizesAndTimes() throws IOException {
    // A page of the fake has two.
    for (String name : List.of("raw/d", "raw/b", "raw/a", "raw/e", "raw/c", "rawer/x")) {
      store.put(name, bytes(name + "!"), JSON);
    }
    try (Stream<StoredObject> found = store.list("raw/")) {
      List<StoredObject> all = found.toList();
      assertEquals(
          List.of("raw/a", "raw/b", "raw/c", "raw/d", "raw/e"),
          all.stream().map(StoredObject::path).toList());
      assertEquals(6L, all.get(0).size());
      assertEquals(FakeGcs.UPDATED, all.get(0).modifiedMillis());
    }
    try (Stream<StoredObject> none = store.list("nothing/")) {
      assertEquals(List.of(), none.toList());
    }
  }

  @Test
  public void aRootBeneathABucketIsInEveryNameAndInNoPath() throws IOException {
    ObjectStore beneath = open("gs://lake/team a/b");
    beneath.putIfAbsent("x+y.json", bytes("1"), JSON);
    assertArrayEquals(bytes("1"), store.get("team a/b/x+y.json"));
    try (Stream<StoredObject> found = beneath.list("x")) {
      assertEquals(List.of("x+y.json"), found.map(StoredObject::path).toList());
    }
  }

  @Test
  public void whatIsNotThereIsNotFoundAndWhatIsRefusedNamesTheObject() {
    assertThrows(FileNotFoundException.class, () -> store.get("absent"));
    gcs.refuseWith(403);
    for (String message :
        List.of(
            assertThrows(IOException.class, () -> store.putIfAbsent("a", bytes(""), JSON))
                .getMessage(),
            assertThrows(IOException.class, () -> store.put("a", bytes(""), JSON)).getMessage(),
            assertThrows(IOException.class, () -> store.get("a")).getMessage(),
            assertThrows(IOException.class, () -> store.list("a")).getMessage())) {
      assertTrue(message, message.endsWith("gs://lake/a"));
    }
  }

  private ObjectStore open(String root) {
    GcsOptions options = PipelineOptionsFactory.create().as(GcsOptions.class);
    options.setCredentialFactoryClass(NoopCredentialFactory.class);
    options.setGcsEndpoint(gcs.endpoint());
    return ObjectStore.open(root, options);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
