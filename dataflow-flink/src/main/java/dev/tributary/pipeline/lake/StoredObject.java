package dev.tributary.pipeline.lake;

import java.io.Serializable;
import java.util.regex.Pattern;

/**
 * An object as a listing tells it.
 *
 * @param path beneath the lake's root
 * @param modifiedMillis when it was written, by the store's clock
 */
public record StoredObject(String path, long size, long modifiedMillis) implements Serializable {

  private static final Pattern PART =
      Pattern.compile("(raw|processed)/[^/]+/dt=[^/]+/hr=[^/]+/part-[^/]+\\.parquet");

  /** Whether it is a visible file of the lake. */
  public boolean isPart() {
    return PART.matcher(path).matches();
  }

  /** {@code processed/orders/dt=2026-11-21/hr=05/}. */
  public String folder() {
    return path.substring(0, path.lastIndexOf('/') + 1);
  }
}
