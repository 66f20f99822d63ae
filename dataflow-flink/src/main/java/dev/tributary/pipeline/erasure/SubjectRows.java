package dev.tributary.pipeline.erasure;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tributary.pipeline.contract.Contract;
import dev.tributary.pipeline.contract.Contracts;
import dev.tributary.pipeline.contract.Field;
import dev.tributary.pipeline.lake.Column;
import dev.tributary.pipeline.pii.Seals;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Tells which rows of lake files are a person's.
 *
 * <p>A row is theirs that names them; and one that names nobody but has the key of a row of theirs
 * (a deletion may have no more than the key) or a token of one of their values. A row that names
 * somebody else is not theirs, whatever else it has. Seals are opened to look inside.
 */
final class SubjectRows {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SEAL = "seal_";

  private final EraseRequest request;
  private final Contracts contracts;
  private final Seals seals;
  private final Set<String> members = new HashSet<>();

  SubjectRows(EraseRequest request, Contracts contracts, Seals seals) {
    this.request = request;
    this.contracts = contracts;
    this.seals = seals;
    for (Contract contract : contracts.streams().values()) {
      contract
          .subject()
          .filter(field -> field.subject().equals(request.subject()))
          .ifPresent(field -> members.add(field.name()));
    }
  }

  /** Whether a row of {@code raw/} is theirs. */
  boolean ownsRaw(List<Column> columns, Object[] row) {
    byte[] message = seals.open((byte[]) value(columns, row, "message"));
    String attributes = (String) value(columns, row, "attributes");
    Found found = new Found();
    found.look(message);
    if (attributes != null) {
      found.look(attributes.getBytes(StandardCharsets.UTF_8));
    }
    return found.theirs || (!found.others && (found.token || isKeyOfTheirs(message)));
  }

  /** Whether a row of {@code processed/<stream>/} is. */
  boolean ownsProcessed(String stream, List<Column> columns, Object[] row) {
    Contract contract = contracts.stream(stream).orElse(null);
    Field subject = contract == null ? null : contract.subject().orElse(null);
    if (subject == null || !subject.subject().equals(request.subject())) {
      return false;
    }
    Object id = value(columns, row, subject.name());
    if (id != null) {
      return id.toString().equals(request.id());
    }
    Object[] key = contract.primaryKey().stream().map(name -> value(columns, row, name)).toArray();
    return request.hasKey(stream, EraseRequest.key(key));
  }

  private boolean isKeyOfTheirs(byte[] message) {
    try {
      JsonNode change = JSON.readTree(message);
      Contract contract =
          change == null ? null : contracts.stream(change.path("stream").asText()).orElse(null);
      if (contract == null) {
        return false;
      }
      Object[] key =
          contract.primaryKey().stream()
              .map(name -> change.path("key").path(name).asText())
              .toArray();
      return request.hasKey(contract.stream(), EraseRequest.key(key));
    } catch (IOException e) {
      return false;
    }
  }

  /** What a document names. */
  private final class Found {
    private boolean theirs;
    private boolean others;
    private boolean token;

    void look(byte[] json) {
      JsonScalars.any(json, this::take);
    }

    private boolean take(String member, String value) {
      if (member != null && members.contains(member)) {
        theirs |= value.equals(request.id());
        others |= !value.equals(request.id());
      }
      token |= request.tokens().contains(value);
      if (value.startsWith(SEAL)) {
        look(seals.open(value.getBytes(StandardCharsets.UTF_8)));
      }
      return theirs;
    }
  }

  private static Object value(List<Column> columns, Object[] row, String name) {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(name)) {
        return row[i];
      }
    }
    return null;
  }
}
