package dev.tributary.pipeline.feature;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.tributary.pipeline.Digest;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.lake.RowValues;
import dev.tributary.pipeline.lake.Table;
import dev.tributary.pipeline.packed.Bytes;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds what a processed row of one stream means to the feature groups. */
public final class FeatureExtractor {
  private final Contract contract;
  private final byte[] streamName;
  private final MessageDigest digest = Digest.sha256();
  private final Map<String, Integer> columns = new HashMap<>();
  private final List<Use> uses = new ArrayList<>();

  private record Use(FeatureGroup group, FeatureGroup.Source source) {}

  public FeatureExtractor(Contract contract, FeatureGroups groups) {
    this.contract = contract;
    this.streamName = contract.stream().getBytes(StandardCharsets.UTF_8);
    List<Column> all = Table.processed(contract);
    for (int i = 0; i < all.size(); i++) {
      columns.put(all.get(i).name(), i);
    }
    for (FeatureGroup group : groups.groups()) {
      for (FeatureGroup.Source source : group.sources()) {
        if (source.stream().equals(contract.stream())) {
          uses.add(new Use(group, source));
        }
      }
    }
  }

  /**
   * @param trace the trace id the events continue
   * @return an event for each group that counts this change; none where its entity is null, as a
   *     guest's is
   */
  public List<FeatureEvent> extract(RowValues row, String eventId, char op, String trace) {
    if (uses.isEmpty()) {
      return List.of();
    }
    List<FeatureEvent> events = new ArrayList<>(1);
    for (Use use : uses) {
      Object entity = value(row, use.source.entityField());
      Object time = value(row, use.source.eventTimeField());
      if (use.source.ops().indexOf(op) < 0 || entity == null || time == null) {
        continue;
      }
      BigDecimal[] amounts = new BigDecimal[use.group.measures().size()];
      for (int i = 0; i < amounts.length; i++) {
        amounts[i] = amount(row, use.source.measures().get(use.group.measures().get(i)));
      }
      byte[] rowKey = rowKey(row);
      events.add(
          new FeatureEvent(
              use.group.name(),
              contract.stream(),
              entity instanceof Long
                  ? entity.toString()
                  : TextNode.valueOf(entity.toString()).toString(),
              (Long) time,
              Bytes.longAt(rowKey, 0),
              Bytes.longAt(rowKey, Long.BYTES),
              Arrays.asList(amounts),
              eventId,
              trace));
    }
    return events;
  }

  /**
   * Null where there is nothing to add: no such measure here, its condition fails, a null factor.
   */
  private BigDecimal amount(RowValues row, FeatureGroup.Measure measure) {
    if (measure == null) {
      return null;
    }
    if (measure.whereField() != null) {
      Object actual = value(row, measure.whereField());
      if (actual == null || !actual.toString().equals(measure.whereEquals())) {
        return null;
      }
    }
    BigDecimal product = BigDecimal.ONE;
    for (String factor : measure.multiply()) {
      Object value = value(row, factor);
      if (value == null) {
        return null;
      }
      product =
          product.multiply(
              value instanceof Long integer ? BigDecimal.valueOf(integer) : (BigDecimal) value);
    }
    return product.stripTrailingZeros();
  }

  /** SHA-256 over the stream and the key's values. */
  private byte[] rowKey(RowValues row) {
    digest.update(streamName);
    for (String field : contract.primaryKey()) {
      digest.update((byte) '|');
      digest.update(String.valueOf(value(row, field)).getBytes(StandardCharsets.UTF_8));
    }
    return digest.digest();
  }

  private Object value(RowValues row, String field) {
    return row.value(columns.get(field));
  }
}
