package dev.tributary.pipeline.lake;

import com.google.api.client.http.ByteArrayContent;
import com.google.api.client.http.HttpResponseException;
import com.google.api.services.storage.Storage;
import com.google.api.services.storage.model.Objects;
import com.google.api.services.storage.model.StorageObject;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.beam.sdk.extensions.gcp.options.GcsOptions;
import org.apache.beam.sdk.extensions.gcp.util.Transport;
import org.apache.beam.sdk.options.PipelineOptions;

/**
 * Cloud Storage, one upload request an object. Beam's own channel for it cannot say "only if there
 * is none", so that a repeated write would replace an object and raise its event again.
 *
 * <p>Beam's client repeats a request that the service was too busy for. Where the first had been
 * done nevertheless, the condition makes the second harmless.
 */
final class GcsObjectStore implements ObjectStore {
  private static final int NOT_FOUND = 404;
  private static final int PRECONDITION_FAILED = 412;

  /** https://cloud.google.com/storage/docs/request-preconditions: no live version exists. */
  private static final long NO_GENERATION = 0;

  private final Storage client;
  private final String bucket;
  private final String prefix;

  private GcsObjectStore(Storage client, String bucket, String prefix) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
  }

  static GcsObjectStore open(String base, PipelineOptions options) {
    String rest = base.substring("gs://".length());
    int slash = rest.indexOf('/');
    return new GcsObjectStore(
        Transport.newStorageClient(options.as(GcsOptions.class)).build(),
        rest.substring(0, slash),
        rest.substring(slash + 1));
  }

  @Override
  public void putIfAbsent(String path, byte[] bytes, String contentType) throws IOException {
    try {
      insert(path, bytes, contentType).setIfGenerationMatch(NO_GENERATION).execute();
    } catch (HttpResponseException e) {
      if (e.getStatusCode() != PRECONDITION_FAILED) {
        throw failed("write", path, e);
      }
    } catch (IOException e) {
      throw failed("write", path, e);
    }
  }

  @Override
  public void put(String path, byte[] bytes, String contentType) throws IOException {
    try {
      insert(path, bytes, contentType).execute();
    } catch (IOException e) {
      throw failed("write", path, e);
    }
  }

  private Storage.Objects.Insert insert(String path, byte[] bytes, String contentType)
      throws IOException {
    Storage.Objects.Insert insert =
        client
            .objects()
            .insert(
                bucket,
                new StorageObject().setName(prefix + path).setContentType(contentType),
                new ByteArrayContent(contentType, bytes));
    // The bytes are here whole: no session, no second request.
    insert.getMediaHttpUploader().setDirectUploadEnabled(true);
    return insert;
  }

  @Override
  public Stream<StoredObject> list(String path) throws IOException {
    // The first page is asked for at once: a bucket that is not there is told here.
    Pages pages = new Pages(path);
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(pages, Spliterator.ORDERED), false)
        .flatMap(List::stream)
        .map(
            found ->
                new StoredObject(
                    found.getName().substring(prefix.length()),
                    found.getSize().longValueExact(),
                    found.getUpdated().getValue()));
  }

  @Override
  public byte[] get(String path) throws IOException {
    try (InputStream in = client.objects().get(bucket, prefix + path).executeMediaAsInputStream()) {
      return in.readAllBytes();
    } catch (HttpResponseException e) {
      if (e.getStatusCode() == NOT_FOUND) {
        throw new FileNotFoundException(prefix + path);
      }
      throw failed("read", path, e);
    } catch (IOException e) {
      throw failed("read", path, e);
    }
  }

  private IOException failed(String action, String path, IOException cause) {
    return new IOException("Could not " + action + " gs://" + bucket + "/" + prefix + path, cause);
  }

  /** Pages of a listing, each asked for when the one before is used up; in name order. */
  private final class Pages implements Iterator<List<StorageObject>> {
    private final String path;
    private Objects next;

    Pages(String path) throws IOException {
      this.path = path;
      this.next = page(null);
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public List<StorageObject> next() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      List<StorageObject> items = next.getItems() == null ? List.of() : next.getItems();
      try {
        next = next.getNextPageToken() == null ? null : page(next.getNextPageToken());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return items;
    }

    private Objects page(String token) throws IOException {
      try {
        return client
            .objects()
            .list(bucket)
            .setPrefix(prefix + path)
            .setPageToken(token)
            .setFields("items(name,size,updated),nextPageToken")
            .execute();
      } catch (IOException e) {
        throw failed("list", path, e);
      }
    }
  }
}
