package dev.tributary.pipeline.lake;

import java.io.Serializable;

/**
 * An object as a listing tells it.
 *
 * @param path beneath the lake's root
 * @param modifiedMillis when it was written, by the store's clock
 */
public record StoredObject(String path, long size, long modifiedMillis) implements Serializable {

  /** {@code processed/orders/dt=2026-11-21/hr=05/}. */
  public String folder() {
    return path.substring(0, path.lastIndexOf('/') + 1);
  }
}
