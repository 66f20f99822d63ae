package dev.tributary.pipeline.erasure;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.function.BiPredicate;

/** Goes through all numbers and texts of a JSON document, however deep they lie. */
final class JsonScalars {
  private static final JsonFactory JSON = new JsonFactory();

  private JsonScalars() {}

  /**
   * Whether the test holds for one of them; what is after it is not read. Bytes that are no JSON
   * hold as much as is readable.
   *
   * @param test of the name of the member it is the value of, or lies in as an element (null at the
   *     top), and its text
   */
  static boolean any(byte[] bytes, BiPredicate<String, String> test) {
    try (JsonParser parser = JSON.createParser(bytes)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if ((token == JsonToken.VALUE_STRING || token.isNumeric())
            && test.test(name(parser), parser.getText())) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  private static String name(JsonParser parser) {
    String name = parser.getParsingContext().getCurrentName();
    var context = parser.getParsingContext();
    while (name == null && context != null) {
      name = context.getCurrentName();
      context = context.getParent();
    }
    return name;
  }
}
