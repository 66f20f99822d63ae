package dev.tributary.pipeline.feature;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.contract.Decimals;
import dev.tributary.pipeline.contract.Timestamps;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.util.CoderUtils;
import org.junit.Test;

public class EntityWindowTest {
  private static final FeatureGroup GROUP = Samples.FEATURES.group("customer_activity");
  private static final long SECOND = 1_000_000L;
  private static final long MINUTE = 60 * SECOND;
  private static final long HOUR = 60 * MINUTE;
  private static final long T = Timestamps.parse("2026-11-21T05:20:30.000000Z");

  @Test
  public void theWindowBeginsOnTheHopAndHoldsBothItsEnds() {
    // Five minutes before 05:20:30 is 05:15:30, whose minute begins at 05:15:00.
    long start = Timestamps.parse("2026-11-21T05:15:00.000000Z");
    EntityWindow window = EntityWindow.empty(GROUP);
    window = add(window, event("before", start - 1, "1")).window();
    window = add(window, event("first", start, "10")).window();
    EntityWindow.Update update = add(window, event("now", T, "100"));
    assertEquals(
        Map.of(
            "events_5m", "2",
            "events_1h", "3",
            "events_24h", "3",
            "spend_5m", "110",
            "spend_1h", "111",
            "spend_24h", "111"),
        values(only(update.rows())));
  }

  @Test
  public void aSecondEventAtTheSameTimeReplacesTheValuesOfTheFirst() {
    EntityWindow.Update first = add(EntityWindow.empty(GROUP), event("a", T, "1.10"));
    EntityWindow.Update second = add(first.window(), event("b", T, "2.20"));
    assertEquals("1.1", values(only(first.rows())).get("spend_5m"));
    assertEquals("3.3", values(only(second.rows())).get("spend_5m"));
    assertTrue(first.rows().get(0).latest());
    assertTrue(second.rows().get(0).latest());
    assertEquals(1, first.rows().get(0).version());
    assertEquals(2, second.rows().get(0).version());
  }

  @Test
  public void aLateEventEmitsItsOwnTimeAndEveryLaterTimeThatItChanges() {
    EntityWindow window = EntityWindow.empty(GROUP);
    window = add(window, event("two minutes later", T + 2 * MINUTE, "1")).window();
    window = add(window, event("two days later", T + 30 * HOUR, "1")).window();
    EntityWindow.Update update = add(window, event("late", T + 8 * HOUR, "5"));
    assertEquals(
        List.of(T + 8 * HOUR, T + 30 * HOUR),
        update.rows().stream().map(EntityWindow.Row::time).toList());
    assertEquals(
        List.of(false, true), update.rows().stream().map(EntityWindow.Row::latest).toList());
    assertEquals("6", values(update.rows().get(1)).get("spend_24h"));
  }

  @Test
  public void aLateEventsOwnValueLooksBackAsFarAsAnyOther() {
    EntityWindow window = EntityWindow.empty(GROUP);
    window = add(window, event("old", T, "1")).window();
    window = add(window, event("new", T + 40 * HOUR, "1")).window();
    EntityWindow.Update update = add(window, event("late", T + 20 * HOUR, "1"));
    assertEquals("2", values(update.rows().get(0)).get("events_24h"));
  }

  @Test
  public void aRowReadAgainCountsOnce() {
    EntityWindow.Update first = add(EntityWindow.empty(GROUP), event("row", T, "1"));
    EntityWindow.Update again = add(first.window(), event("row", T, "1"));
    assertEquals(List.of(), again.rows());
    assertEquals(1, again.window().seen());
  }

  @Test
  public void whatIsOlderThanTheLongestWindowChangesNothing() {
    EntityWindow.Update first = add(EntityWindow.empty(GROUP), event("new", T, "1"));
    long limit = GROUP.windowStart(T, 24 * HOUR);
    assertEquals(List.of(), add(first.window(), event("older", limit - 1, "1")).rows());
    assertEquals(2, add(first.window(), event("just in time", limit, "1")).rows().size());
  }

  @Test
  public void anOldWindowStaysAsItWasWhenNewerOnesGrowFromIt() {
    EntityWindow one = add(EntityWindow.empty(GROUP), event("one", T, "1")).window();
    EntityWindow two = add(one, event("two", T + 1, "2")).window();
    EntityWindow other = add(one, event("other", T + 1, "40")).window();
    assertEquals(1, one.events().size());
    assertEquals("1", spent(one));
    assertEquals("3", spent(two));
    assertEquals("41", spent(other));
  }

  @Test
  public void aWindowIsTheSameAfterACheckpoint() throws CoderException {
    EntityWindow window = EntityWindow.empty(GROUP);
    for (int i = 0; i < 10; i++) {
      window =
          add(window, event("line " + i, T + i * 20 * HOUR, "-12345678901234.000000001")).window();
    }
    EntityWindow restored = CoderUtils.clone(new EntityWindow.Coder(), window);
    assertEquals(window.events().size(), restored.events().size());
    FeatureEvent next = event("next", T + 181 * HOUR, "0.5");
    assertEquals(add(window, next).rows(), add(restored, next).rows());
  }

  @Test
  public void whatCannotBeAddedUpExactlyIsRefused() {
    EntityWindow.Update update =
        add(EntityWindow.empty(GROUP), event("row", T, "20000000000000000000000"));
    assertEquals(EntityWindow.Fate.TOO_LARGE, update.fate());
    assertEquals(List.of(), update.rows());
  }

  @Test
  public void sumsBeyond64BitsAreExact() {
    EntityWindow window = EntityWindow.empty(GROUP);
    EntityWindow.Update update = null;
    for (int i = 0; i < 50; i++) {
      update =
          add(
              window,
              event("line " + i, T + i, i % 2 == 0 ? "999999999999.000000001" : "-999999999998"));
      window = update.window();
    }
    assertEquals("25.000000025", values(only(update.rows())).get("spend_5m"));
  }

  private static String spent(EntityWindow window) {
    FeatureEvent event = event("next", T + 2, "0");
    return values(only(add(window, event).rows())).get("spend_5m");
  }

  @Test
  public void moneyAddsUpExactly() {
    EntityWindow window = EntityWindow.empty(GROUP);
    EntityWindow.Update update = null;
    for (int i = 0; i < 1_000; i++) {
      update = add(window, event("line " + i, T + i, "0.1"));
      window = update.window();
    }
    assertEquals("100", values(only(update.rows())).get("spend_5m"));
  }

  @Test
  public void anyOrderOfArrivalEndsInTheSameValuesAndACompleteOneIsNeverOlder() {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      List<FeatureEvent> events = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        // Few distinct times, so that equal ones are common; all within reach of the newest.
        long time = T + random.nextInt(10) * 2 * HOUR;
        events.add(event("row " + i, time, String.valueOf(random.nextInt(500) / 100.0)));
      }
      Map<Long, Map<String, String>> truth = byDefinition(events);
      for (int replay = 0; replay < 3; replay++) {
        Collections.shuffle(events, random);
        Map<Long, EntityWindow.Row> kept = new HashMap<>();
        EntityWindow window = EntityWindow.empty(GROUP);
        long newestOnline = Long.MIN_VALUE;
        EntityWindow.Row online = null;
        for (FeatureEvent event : events) {
          EntityWindow.Update update = add(window, event);
          window = update.window();
          for (EntityWindow.Row row : update.rows()) {
            EntityWindow.Row before = kept.put(row.time(), row);
            assertTrue(before == null || before.version() < row.version());
            // The online store keeps the row with the largest timestamp.
            if (row.latest()) {
              assertTrue(row.time() + row.version() > newestOnline);
              newestOnline = row.time() + row.version();
              online = row;
            }
          }
        }
        Map<Long, Map<String, String>> result = new HashMap<>();
        kept.forEach((time, row) -> result.put(time, values(row)));
        assertEquals(truth, result);
        assertEquals(Collections.max(truth.keySet()).longValue(), online.time());
        assertEquals(truth.get(online.time()), values(online));
      }
    }
  }

  /** The definition, word by word: features over all events, with no state. */
  private static Map<Long, Map<String, String>> byDefinition(List<FeatureEvent> events) {
    Map<Long, Map<String, String>> result = new HashMap<>();
    for (FeatureEvent at : events) {
      Map<String, String> values = new HashMap<>();
      for (var window : Map.of("5m", 5 * MINUTE, "1h", HOUR, "24h", 24 * HOUR).entrySet()) {
        long start = Math.floorDiv(at.time() - window.getValue(), MINUTE) * MINUTE;
        List<FeatureEvent> inside =
            events.stream().filter(e -> e.time() >= start && e.time() <= at.time()).toList();
        values.put("events_" + window.getKey(), String.valueOf(inside.size()));
        values.put(
            "spend_" + window.getKey(),
            Decimals.toWire(
                inside.stream()
                    .map(e -> e.amounts().get(0))
                    .reduce(BigDecimal.ZERO, BigDecimal::add)));
      }
      result.put(at.time(), values);
    }
    return result;
  }

  private static EntityWindow.Update add(EntityWindow window, FeatureEvent event) {
    return window.add(GROUP, event);
  }

  private static EntityWindow.Row only(List<EntityWindow.Row> rows) {
    assertEquals(1, rows.size());
    return rows.get(0);
  }

  private static Map<String, String> values(EntityWindow.Row row) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < GROUP.features().size(); i++) {
      values.put(GROUP.features().get(i).name(), Decimals.toWire(row.values().get(i)));
    }
    return values;
  }

  private static FeatureEvent event(String row, long time, String spend) {
    return new FeatureEvent(
        "customer_activity",
        "order_lines",
        "7",
        time,
        row.hashCode(),
        row.length(),
        Arrays.asList(new BigDecimal(spend)),
        Samples.id(time),
        Samples.id(1));
  }
}
