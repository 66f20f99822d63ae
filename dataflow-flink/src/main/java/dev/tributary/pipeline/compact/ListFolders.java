package dev.tributary.pipeline.compact;

import dev.tributary.pipeline.lake.ObjectStore;
import dev.tributary.pipeline.lake.StoredObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.DoFn;

/** Finds what is worth merging beneath a prefix of the lake. */
final class ListFolders extends DoFn<String, FolderFiles> {
  private static final long serialVersionUID = 1L;

  private final String root;
  private final long closedBefore;
  private final long targetBytes;

  ListFolders(String root, long closedBefore, long targetBytes) {
    this.root = root;
    this.closedBefore = closedBefore;
    this.targetBytes = targetBytes;
  }

  @ProcessElement
  public void process(
      @Element String prefix, PipelineOptions options, OutputReceiver<FolderFiles> output)
      throws IOException {
    ObjectStore store = ObjectStore.open(root, options);
    // A listing comes in path order, so a folder's files are together and one folder is kept.
    List<StoredObject> folder = new ArrayList<>();
    try (Stream<StoredObject> objects = store.list(prefix)) {
      for (Iterator<StoredObject> each = objects.iterator(); each.hasNext(); ) {
        StoredObject object = each.next();
        if (!object.isPart()) {
          continue;
        }
        if (!folder.isEmpty() && !folder.get(0).folder().equals(object.folder())) {
          emit(folder, output);
          folder.clear();
        }
        folder.add(object);
      }
    }
    if (!folder.isEmpty()) {
      emit(folder, output);
    }
  }

  private void emit(List<StoredObject> folder, OutputReceiver<FolderFiles> output) {
    FolderFiles.plan(folder.get(0).folder(), folder, closedBefore, targetBytes)
        .forEach(output::output);
  }
}
