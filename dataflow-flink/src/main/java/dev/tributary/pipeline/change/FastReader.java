package dev.tributary.pipeline.change;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.tributary.pipeline.StrictJson;
import dev.tributary.pipeline.bus.BusMessage;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.feature.FeatureEvent;
import dev.tributary.pipeline.feature.FeatureExtractor;
import dev.tributary.pipeline.feature.FeatureGroups;
import dev.tributary.pipeline.lake.Partition;
import dev.tributary.pipeline.lake.Schemas;
import dev.tributary.pipeline.packed.Bytes;
import dev.tributary.pipeline.packed.PackedChange;
import dev.tributary.pipeline.packed.PackedRow;
import dev.tributary.pipeline.packed.PackedRows;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the change that nearly every message is: a create, a snapshot read or an update that fits
 * its contract. From the message's bytes to packed rows in one pass, without a tree or a text for
 * each value.
 *
 * <p>It never judges. Where anything is out of the ordinary it gives the message back, and {@link
 * MessageReader}, which knows all the rules and all the messages, decides. What it does read, it
 * reads to the very bytes that {@link MessageReader} and {@link ArrivalPacker} lead to; {@code
 * FastReaderTest} holds the two against each other.
 */
final class FastReader {
  private static final JsonFactory JSON = new JsonFactory();

  private static final int EVENT_ID = 1;
  private static final int STREAM = 1 << 1;
  private static final int OP = 1 << 2;
  private static final int KEY = 1 << 3;
  private static final int BEFORE = 1 << 4;
  private static final int AFTER = 1 << 5;
  private static final int SOURCE = 1 << 6;
  private static final int INGESTED_AT = 1 << 7;
  private static final int CONTRACT_VERSION = 1 << 8;
  private static final int ALL_MEMBERS = (1 << 9) - 1;

  private static final int DB = 1;
  private static final int SCHEMA = 1 << 1;
  private static final int TABLE = 1 << 2;
  private static final int LSN = 1 << 3;
  private static final int TX = 1 << 4;
  private static final int TS = 1 << 5;
  private static final int ALL_SOURCE_MEMBERS = (1 << 6) - 1;

  private static final int ID_DIGITS = 32;

  /** Ten to the power of this fits a long. */
  private static final int MAX_LONG_DIGITS = 18;

  /** {@code 00-<32>-<16>-01}: https://www.w3.org/TR/trace-context/#traceparent-header */
  private static final int TRACEPARENT_LENGTH = 55;

  private static final int TRACE_AT = 3;

  private static final int RAW_COLUMNS = 8;

  /** The upper bit of each byte. */
  private static final long NOT_ASCII = 0x8080808080808080L;

  /** Says that {@link MessageReader} must decide; it carries nothing, so it is made once. */
  private static final class Doubt extends Exception {
    private static final long serialVersionUID = 1L;

    Doubt() {
      super(null, null, false, false);
    }
  }

  private static final Doubt DOUBT = new Doubt();

  private final Map<String, FastRow> rows = new HashMap<>();
  private final Map<String, FeatureExtractor> extractors = new HashMap<>();
  private final ArrivalPacker packer;
  private final PackedChange.Writer writer = new PackedChange.Writer();
  private final Bytes row = new Bytes(1024);
  private final AttributesJson attributes = new AttributesJson();

  private final char[] id = new char[ID_DIGITS];
  private long idHigh;
  private long idLow;
  private int members;
  private char op;
  private FastRow stream;
  private long lsn;
  private long tx;
  private long sourceTime;
  private long ingestedAt;
  private String contractVersion;

  FastReader(Contracts contracts, FeatureGroups groups, ArrivalPacker packer) {
    this.packer = packer;
    for (Contract contract : contracts.streams().values()) {
      rows.put(contract.stream(), new FastRow(contract));
      extractors.put(contract.stream(), new FeatureExtractor(contract, groups));
    }
  }

  /**
   * The packed change, valid until the next call; or null where {@link MessageReader} must decide.
   */
  Bytes read(BusMessage message) throws IOException {
    if (message.topic() != BusMessage.Topic.CHANGES || message.partition() == null) {
      return null;
    }
    try {
      parse(message.data());
      return pack(message);
    } catch (Doubt | com.fasterxml.jackson.core.JsonProcessingException e) {
      return null;
    }
  }

  private void parse(byte[] data) throws IOException, Doubt {
    if (!isAscii(data)) {
      try {
        // The parser does not mind all that is not UTF-8.
        StrictJson.utf8(data);
      } catch (IOException e) {
        throw DOUBT;
      }
    }
    members = 0;
    stream = null;
    try (JsonParser json = JSON.createParser(data)) {
      expect(json.nextToken() == JsonToken.START_OBJECT);
      for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
        JsonToken value = json.nextToken();
        switch (name) {
          case "event_id" -> {
            take(EVENT_ID, value);
            readId(json);
          }
          case "stream" -> {
            take(STREAM, value);
            stream = rows.get(json.getText());
            expect(stream != null);
          }
          case "op" -> {
            take(OP, value);
            expect(json.getTextLength() == 1);
            op = json.getTextCharacters()[json.getTextOffset()];
            expect(op == 'c' || op == 'u' || op == 'r');
          }
          case "key" -> {
            take(KEY);
            expect(value == JsonToken.START_OBJECT && stream != null);
            stream.skim(json);
          }
          case "before" -> {
            take(BEFORE);
            if (value != JsonToken.VALUE_NULL) {
              expect(value == JsonToken.START_OBJECT && stream != null);
              stream.skim(json);
            }
          }
          case "after" -> {
            take(AFTER);
            expect(value == JsonToken.START_OBJECT && stream != null);
            stream.read(json);
          }
          case "source" -> {
            take(SOURCE);
            expect(value == JsonToken.START_OBJECT);
            readSource(json);
          }
          case "ingested_at" -> {
            take(INGESTED_AT, value);
            ingestedAt = time(json);
          }
          case "contract_version" -> {
            take(CONTRACT_VERSION, value);
            contractVersion = json.getText();
            expect(!contractVersion.isEmpty());
          }
          default -> throw DOUBT;
        }
      }
      expect(
          members == ALL_MEMBERS
              && json.currentToken() == JsonToken.END_OBJECT
              && json.nextToken() == null);
    } catch (FastRow.Unusual e) {
      throw DOUBT;
    }
    expect(stream.isComplete(op));
  }

  private void readSource(JsonParser json) throws IOException, Doubt {
    int seen = 0;
    for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
      JsonToken value = json.nextToken();
      expect(value == JsonToken.VALUE_STRING);
      int member =
          switch (name) {
            case "db" -> DB;
            case "schema" -> SCHEMA;
            case "table" -> TABLE;
            case "lsn" -> LSN;
            case "tx" -> TX;
            case "ts" -> TS;
            default -> throw DOUBT;
          };
      expect((seen & member) == 0);
      seen |= member;
      switch (member) {
        case LSN -> lsn = decimal(json);
        case TX -> tx = decimal(json);
        case TS -> sourceTime = time(json);
        default -> expect(json.getTextLength() > 0);
      }
    }
    expect(seen == ALL_SOURCE_MEMBERS && json.currentToken() == JsonToken.END_OBJECT);
  }

  private Bytes pack(BusMessage message) throws IOException, Doubt {
    writer.begin(idHigh, idLow, Arrival.blockOf(lsn));
    Bytes section = writer.section();
    putRaw(section, message);
    putProcessed();
    long eventTime = stream.eventTime(sourceTime);
    long hour = Partition.hourOf(eventTime);
    StreamLayout layout = packer.layout(stream.name());
    boolean looksUp = layout.looksUp(row);
    if (!looksUp) {
      layout.putRow(section, hour, row);
    }
    layout.putLookups(writer.section(), hour, message.publishedAt() / 1_000, row, looksUp);
    Bytes events = writer.section();
    String eventId = new String(id);
    List<FeatureEvent> features =
        extractors.get(stream.name()).extract(stream::value, eventId, op, trace(message, eventId));
    packer.putEvents(events, features);
    return writer.end();
  }

  private void putRaw(Bytes out, BusMessage message) throws Doubt {
    byte[] json = attributes.of(message.attributes());
    expect(json != null);
    byte[] topic = message.topicName().getBytes(StandardCharsets.UTF_8);
    int start =
        PackedRows.begin(
            out,
            PackedRows.RAW,
            Partition.hourOf(message.publishedAt()),
            Schemas.RAW,
            stream.nameBytes());
    out.putText(id, 0, ID_DIGITS).putLong(0).putShort(RAW_COLUMNS);
    out.putByte(PackedRow.TEXT).putText(id, 0, ID_DIGITS);
    out.putByte(PackedRow.TEXT).putBlock(stream.nameBytes());
    out.putByte(PackedRow.BYTES).putBlock(message.data());
    out.putByte(PackedRow.TEXT).putBlock(json);
    out.putByte(PackedRow.TEXT).putBlock(topic);
    out.putByte(PackedRow.INT32).putInt(message.partition());
    out.putByte(PackedRow.INT64).putLong(message.offset());
    out.putByte(PackedRow.INT64).putLong(message.publishedAt());
    PackedRows.end(out, start);
  }

  /** The columns of {@code Table.processed}, in order. */
  private void putProcessed() {
    row.truncate(0).putText(id, 0, ID_DIGITS).putLong(0).putShort(stream.columns());
    row.putByte(PackedRow.TEXT).putText(id, 0, ID_DIGITS);
    row.putByte(PackedRow.TEXT).putInt(1).putByte(op);
    row.putByte(PackedRow.INT64).putLong(lsn);
    row.putByte(PackedRow.INT64).putLong(tx);
    row.putByte(PackedRow.INT64).putLong(sourceTime);
    row.putByte(PackedRow.INT64).putLong(stream.eventTime(sourceTime));
    row.putByte(PackedRow.INT64).putLong(ingestedAt);
    row.putByte(PackedRow.TEXT).putText(contractVersion);
    row.putByte(PackedRow.TEXT).putBlock(ORIGIN);
    row.putByte(PackedRow.NULL).putByte(PackedRow.NULL).putByte(PackedRow.NULL);
    String absent = stream.absent();
    if (absent == null) {
      row.putByte(PackedRow.NULL);
    } else {
      row.putByte(PackedRow.TEXT).putText(absent);
    }
    stream.putValues(row);
  }

  private static final byte[] ORIGIN = "stream".getBytes(StandardCharsets.UTF_8);

  private static String trace(BusMessage message, String eventId) {
    String parent = message.attributes().get("traceparent");
    if (parent == null
        || parent.length() != TRACEPARENT_LENGTH
        // The bridge starts the trace of an event with its id: whether the rest is right or not,
        // the
        // trace is the same.
        || parent.startsWith(eventId, TRACE_AT)) {
      return eventId;
    }
    for (int i = 0; i < TRACEPARENT_LENGTH; i++) {
      boolean dash = i == TRACE_AT - 1 || i == TRACE_AT + ID_DIGITS || i == 52;
      if (dash ? parent.charAt(i) != '-' : Hex.digit(parent.charAt(i)) < 0) {
        return eventId;
      }
    }
    return parent.substring(TRACE_AT, TRACE_AT + ID_DIGITS);
  }

  private void readId(JsonParser json) throws IOException, Doubt {
    expect(json.getTextLength() == ID_DIGITS);
    System.arraycopy(json.getTextCharacters(), json.getTextOffset(), id, 0, ID_DIGITS);
    idHigh = hex(0);
    idLow = hex(ID_DIGITS / 2);
  }

  private long hex(int from) throws Doubt {
    long value = 0;
    int wrong = 0;
    for (int i = from; i < from + ID_DIGITS / 2; i++) {
      int digit = Hex.digit(id[i]);
      wrong |= digit;
      value = value << 4 | digit;
    }
    expect(wrong >= 0);
    return value;
  }

  private static long decimal(JsonParser json) throws IOException, Doubt {
    int length = json.getTextLength();
    expect(length > 0 && length <= MAX_LONG_DIGITS);
    char[] characters = json.getTextCharacters();
    int offset = json.getTextOffset();
    long value = 0;
    for (int i = offset; i < offset + length; i++) {
      int digit = characters[i] - '0';
      expect(digit >= 0 && digit <= 9);
      value = value * 10 + digit;
    }
    return value;
  }

  private static long time(JsonParser json) throws IOException, Doubt {
    long micros =
        WireTime.micros(json.getTextCharacters(), json.getTextOffset(), json.getTextLength());
    expect(micros != WireTime.NONE);
    return micros;
  }

  private void take(int member, JsonToken value) throws Doubt {
    expect(value == JsonToken.VALUE_STRING);
    take(member);
  }

  private void take(int member) throws Doubt {
    expect((members & member) == 0);
    members |= member;
  }

  private static void expect(boolean holds) throws Doubt {
    if (!holds) {
      throw DOUBT;
    }
  }

  private static boolean isAscii(byte[] data) {
    int whole = data.length & -Long.BYTES;
    long bits = 0;
    for (int i = 0; i < whole; i += Long.BYTES) {
      bits |= Bytes.longAt(data, i);
    }
    for (int i = whole; i < data.length; i++) {
      bits |= data[i];
    }
    return (bits & NOT_ASCII) == 0;
  }
}
