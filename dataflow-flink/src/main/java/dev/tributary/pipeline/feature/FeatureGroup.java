package dev.tributary.pipeline.feature;

import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * A windowed feature group: features/generated/features.json.
 *
 * @param name also the view its rows belong to
 * @param joinKey the entity's
 * @param hop microseconds
 * @param measures names of what is summed; a source's measure is known by its place here
 * @param scale decimal places with which every measure is exact
 */
public record FeatureGroup(
    String name,
    String joinKey,
    long hop,
    List<String> measures,
    int scale,
    List<Source> sources,
    List<Feature> features)
    implements Serializable {

  /**
   * A stream whose rows are this group's events.
   *
   * @param ops the changes that count
   * @param measures by name; one that a source does not have, it does not add to
   */
  public record Source(
      String stream,
      String entityField,
      String eventTimeField,
      String ops,
      Map<String, Measure> measures)
      implements Serializable {}

  /**
   * The product of fields, where a condition holds.
   *
   * @param whereField or null
   * @param whereEquals or null
   */
  public record Measure(List<String> multiply, String whereField, String whereEquals)
      implements Serializable {}

  /**
   * A value over a window.
   *
   * @param window microseconds
   * @param measure place in {@link FeatureGroup#measures}, or -1 to count events
   */
  public record Feature(String name, long window, int measure) implements Serializable {}

  /** The start, inclusive, of the window of a value at a time: features of the design. */
  public long windowStart(long time, long window) {
    return Math.floorDiv(time - window, hop) * hop;
  }

  /** The longest window, microseconds. */
  public long longestWindow() {
    // Asked for every event: no stream.
    long longest = 0;
    for (Feature feature : features) {
      longest = Math.max(longest, feature.window());
    }
    return longest;
  }
}
