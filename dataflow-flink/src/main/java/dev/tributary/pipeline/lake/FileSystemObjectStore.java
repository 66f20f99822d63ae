package dev.tributary.pipeline.lake;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.Comparator;
import java.util.stream.Stream;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.io.fs.MatchResult;
import org.apache.beam.sdk.io.fs.ResourceId;

/** A folder, for tests and trials: any file system Beam knows, without conditional writes. */
final class FileSystemObjectStore implements ObjectStore {
  private final String base;

  FileSystemObjectStore(String base) {
    this.base = base;
  }

  @Override
  public void putIfAbsent(String path, byte[] bytes, String contentType) throws IOException {
    // Not atomic, and need not be: two writers of one name write the same content.
    if (FileSystems.match(base + path).status() == MatchResult.Status.NOT_FOUND) {
      put(path, bytes, contentType);
    }
  }

  @Override
  public void put(String path, byte[] bytes, String contentType) throws IOException {
    ResourceId resource = FileSystems.matchNewResource(base + path, false);
    WritableByteChannel channel = FileSystems.create(resource, contentType);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    // Not closed after a failed write: closing is what would make half an object visible.
    channel.close();
  }

  @Override
  public Stream<StoredObject> list(String prefix) throws IOException {
    MatchResult found = FileSystems.match(base + prefix + "**");
    if (found.status() == MatchResult.Status.NOT_FOUND) {
      return Stream.empty();
    }
    return found.metadata().stream()
        .map(
            object ->
                new StoredObject(
                    object.resourceId().toString().substring(base.length()),
                    object.sizeBytes(),
                    object.lastModifiedMillis()))
        .sorted(Comparator.comparing(StoredObject::path));
  }

  @Override
  public byte[] get(String path) throws IOException {
    ResourceId resource = FileSystems.matchNewResource(base + path, false);
    try (InputStream in = Channels.newInputStream(FileSystems.open(resource))) {
      return in.readAllBytes();
    }
  }
}
