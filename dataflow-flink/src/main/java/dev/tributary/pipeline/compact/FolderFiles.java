package dev.tributary.pipeline.compact;

import dev.tributary.pipeline.lake.StoredObject;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Small files of one folder that are to become one.
 *
 * @param folder {@code processed/orders/dt=2026-11-21/hr=05/}
 */
public record FolderFiles(String folder, List<StoredObject> files) implements Serializable {
  /** A file of more than half the target gains nothing from another round. */
  private static final int SMALL = 2;

  /** Open at the same time while they are merged; more wait for the next run. */
  private static final int MAX_FILES = 256;

  /**
   * What to merge of one folder: nothing while somebody writes there.
   *
   * @param parts the folder's visible files
   * @param closedBefore a folder with a file written at this time or later is still open
   * @param targetBytes no output is meant to be larger
   */
  static List<FolderFiles> plan(
      String folder, List<StoredObject> parts, long closedBefore, long targetBytes) {
    if (parts.stream().anyMatch(part -> part.modifiedMillis() >= closedBefore)) {
      return List.of();
    }
    List<FolderFiles> plan = new ArrayList<>();
    List<StoredObject> group = new ArrayList<>();
    long bytes = 0;
    List<StoredObject> small =
        parts.stream()
            .filter(part -> part.size() < targetBytes / SMALL)
            .sorted(Comparator.comparing(StoredObject::path))
            .toList();
    for (StoredObject part : small) {
      if (group.size() == MAX_FILES || bytes + part.size() > targetBytes) {
        add(folder, group, plan);
        group = new ArrayList<>();
        bytes = 0;
      }
      group.add(part);
      bytes += part.size();
    }
    add(folder, group, plan);
    return plan;
  }

  private static void add(String folder, List<StoredObject> group, List<FolderFiles> plan) {
    if (group.size() > 1) {
      plan.add(new FolderFiles(folder, List.copyOf(group)));
    }
  }
}
