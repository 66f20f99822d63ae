package dev.tributary.pipeline.change;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import dev.tributary.pipeline.Samples;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.bus.BusMessage.Topic;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.pii.PiiKeys;
import dev.tributary.pipeline.pii.Protection;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.Test;

/** The short way and the whole way are the same way. */
public class FastReaderTest {
  private static final String LINE =
      Samples.line(Samples.id(1), "o1-1", "2026-11-20T10:00:00.000001Z", "2.55", 6);

  private final ArrivalPacker packer = new ArrivalPacker(Samples.CONTRACTS);
  private final FastReader fast = new FastReader(Samples.CONTRACTS, Samples.FEATURES, packer);
  private final MessageReader whole =
      new MessageReader(
          Samples.CONTRACTS,
          Samples.FEATURES,
          new Protection(PiiKeys.parse(Samples.PII_KEYS, "keys")));

  @Test
  public void whatIsOrdinaryIsReadToTheSameBytes() throws IOException {
    for (String text :
        List.of(
            LINE,
            LINE.replace("\"op\":\"c\"", "\"op\":\"u\""),
            LINE.replace("\"op\":\"c\"", "\"op\":\"r\""),
            LINE.replace("\"country\":null", "\"country\":\"Côte d’Ivoire 🇨🇮 \\u00e9 \\n\""),
            LINE.replace("\"country\":null,", ""),
            LINE.replace("\"customer_id\":7", "\"customer_id\":null"),
            LINE.replace("\"customer_id\":7", "\"customer_id\":-9007199254740991"),
            LINE.replace("\"2.55\"", "\"999999999.999999999\""),
            LINE.replace("\"2.55\"", "\"+0.010000001\""),
            LINE.replace("2026-11-20T10:00:00.000001Z", "2024-02-29T23:59:59.999999Z"),
            LINE.replace("2026-11-20T10:00:00.000001Z", "0001-01-01T00:00:00.000000Z"),
            LINE.replace("2026-11-20T10:00:00.000001Z", "9999-12-31T23:59:59.999999Z"),
            LINE.replace(
                "\"before\":null", "\"before\":{\"order_line_id\":\"o1-1\",\"quantity\":3}"),
            Samples.change(
                Samples.id(2),
                "products",
                "u",
                "{\"product_id\":\"P\"}",
                "null",
                "{\"product_id\":\"P\",\"category\":null,\"unit_price\":\"1.0\","
                    + "\"created_at\":\"2026-11-20T10:00:00.000000Z\","
                    + "\"updated_at\":\"2026-11-20T10:00:00.000000Z\"}"))) {
      byte[] read = fast(text);
      assertNotNull("left to the whole reader: " + text, read);
      assertArrayEquals(text, whole(text), read);
    }
  }

  @Test
  public void whatIsNotOrdinaryIsLeftToTheWholeReader() throws IOException {
    for (String text :
        List.of(
            "",
            "null",
            LINE + "x",
            LINE + "{}",
            LINE.substring(0, LINE.length() - 1),
            LINE.replace("\"op\":\"c\"", "\"op\":\"d\""),
            LINE.replace("\"op\":\"c\"", "\"op\":\"c\",\"op\":\"c\""),
            LINE.replace("\"quantity\":6", "\"quantity\":6,\"quantity\":6"),
            LINE.replace("\"quantity\":6", "\"quantity\":0"),
            LINE.replace("\"quantity\":6", "\"quantity\":6.0"),
            LINE.replace("\"quantity\":6", "\"quantity\":\"6\""),
            LINE.replace("\"quantity\":6", "\"quantity\":null"),
            LINE.replace("\"quantity\":6", "\"quantity\":99999999999999999999"),
            LINE.replace("\"quantity\":6,", ""),
            LINE.replace("\"quantity\":6", "\"quantity\":6,\"colour\":\"red\""),
            LINE.replace("\"purchase\"", "\"gift\""),
            LINE.replace("\"2.55\"", "\"2.5500000001\""),
            LINE.replace("\"2.55\"", "\"1e3\""),
            LINE.replace("\"2.55\"", "\".5\""),
            LINE.replace("\"2.55\"", "\"5.\""),
            LINE.replace("\"2.55\"", "\"0\""),
            LINE.replace("2026-11-20T10:00:00.000001Z", "2026-02-29T10:00:00.000001Z"),
            LINE.replace("2026-11-20T10:00:00.000001Z", "2026-11-20T10:00:00Z"),
            LINE.replace("2026-11-20T10:00:00.000001Z", "2026-11-20T24:00:00.000000Z"),
            LINE.replace("\"stream\":\"order_lines\"", "\"stream\":\"accounts\""),
            LINE.replace("\"lsn\":\"26739136\"", "\"lsn\":\"-1\""),
            LINE.replace("\"tx\":\"761\"", "\"tx\":\"\""),
            LINE.replace(
                "\"contract_version\":\"1.0.0\"", "\"contract_version\":\"1.0.0\",\"x\":1"),
            LINE.replace(Samples.id(1), Samples.id(1).toUpperCase(java.util.Locale.ROOT) + "g"))) {
      assertNull(text, fast(text));
    }
  }

  /** Whatever happens to a message's bytes, the short way never comes to another result. */
  @Test
  public void aDamagedMessageNeverLeadsTwoWays() throws IOException {
    Random random = new Random(11);
    String characters = "\"{}[]:,0195.-+eEnulltrafsTZ\\u00é\u0000 ";
    int read = 0;
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder(LINE);
      for (int damage = random.nextInt(3); damage >= 0; damage--) {
        int at = random.nextInt(text.length());
        char other = characters.charAt(random.nextInt(characters.length()));
        switch (random.nextInt(3)) {
          case 0 -> text.setCharAt(at, other);
          case 1 -> text.insert(at, other);
          default -> text.deleteCharAt(at);
        }
      }
      byte[] result = fast(text.toString());
      if (result != null) {
        read++;
        assertArrayEquals(text.toString(), whole(text.toString()), result);
      }
    }
    assertTrue("some damage is harmless", read > 300);
  }

  private byte[] fast(String text) throws IOException {
    Bytes change = fast.read(message(text));
    return change == null ? null : change.copy();
  }

  private byte[] whole(String text) throws IOException {
    BusMessage message = message(text);
    return packer.pack(whole.read(message), message.publishedAt()).copy();
  }

  private static BusMessage message(String text) {
    return Samples.message(Topic.CHANGES, 5, text);
  }
}
