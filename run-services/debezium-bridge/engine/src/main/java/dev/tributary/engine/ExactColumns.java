package dev.tributary.engine;

import io.debezium.spi.converter.CustomConverter;
import io.debezium.spi.converter.RelationalColumn;
import java.sql.Array;
import java.sql.Types;
import java.util.Properties;
import org.apache.kafka.connect.data.SchemaBuilder;

/**
 * Takes over the columns that Debezium does not carry exactly.
 *
 * <p>Arrays: an array of arrays arrives as one of nulls, one that holds NaN as null, and an
 * unchanged TOAST value of an array of dates, floats, booleans or decimals as null instead of the
 * placeholder (seen with 3.6.3). They become JSON text here. Times of day: {@code 24:00:00} arrives
 * as midnight.
 */
public final class ExactColumns implements CustomConverter<SchemaBuilder, RelationalColumn> {
  /** Postgres names the array type of {@code t} {@code _t}. */
  private static final String ARRAY_PREFIX = "_";

  /**
   * What Debezium writes in place of an unchanged TOAST value, and the bridge knows:
   * https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-property-unavailable-value-placeholder
   */
  private static final String UNAVAILABLE = "__debezium_unavailable_value";

  @Override
  public void configure(Properties properties) {
    // Nothing to choose: exact is exact.
  }

  @Override
  public void converterFor(
      RelationalColumn column, ConverterRegistration<SchemaBuilder> registration) {
    String type = column.typeName();
    if (column.jdbcType() == Types.ARRAY || type.startsWith(ARRAY_PREFIX)) {
      String element = type.startsWith(ARRAY_PREFIX) ? type.substring(1) : type;
      registration.register(text(), value -> arrayAsJson(element, value));
    } else if (type.equals("time")) {
      registration.register(text(), ExactColumns::timeOfDay);
    }
  }

  private static SchemaBuilder text() {
    return SchemaBuilder.string().optional();
  }

  private static Object arrayAsJson(String elementType, Object value) {
    if (value == null) {
      return null;
    }
    if (value instanceof Array array) {
      // The driver's own array is the text that the server sent.
      return PostgresArray.toJson(elementType, array.toString());
    }
    // Debezium marks an unchanged TOAST value by a bare object of its own.
    return value.getClass() == Object.class ? UNAVAILABLE : value.toString();
  }

  /** As Debezium writes times in the mode isostring: with a zone that means nothing. */
  private static Object timeOfDay(Object value) {
    return value == null ? null : value + "Z";
  }
}
