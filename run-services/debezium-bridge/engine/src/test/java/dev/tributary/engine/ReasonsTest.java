package dev.tributary.engine;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import io.debezium.DebeziumException;
import java.net.ConnectException;
import org.junit.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

public class ReasonsTest {
  private static final String PLANTED = "planted@example.com";

  @Test
  public void aParserThatQuotesItsInputIsNamedButNotRepeated() {
    Throwable error =
        new DebeziumException(
            "Failed to convert 'shop.customers.email'",
            new NumberFormatException("For input string: \"" + PLANTED + "\""));
    assertEquals(
        "DebeziumException (Failed to convert 'shop.customers.email'), because"
            + " NumberFormatException",
        Reasons.of(error));
  }

  @Test
  public void anExceptionMadeFromItsCauseDoesNotRepeatTheCausesWords() {
    String told = Reasons.of(new DebeziumException(new IllegalStateException(PLANTED)));
    assertEquals("DebeziumException, because IllegalStateException", told);
  }

  @Test
  public void theDatabasesOwnWordsAreToldWithoutTheRowsItQuotes() {
    PSQLException refused =
        new PSQLException(
            new ServerErrorMessage(
                "SFATAL\0C28P01\0Mpassword authentication failed\0DRow " + PLANTED + "\0"));
    assertEquals("PSQLException 28P01 (password authentication failed)", Reasons.of(refused));
    PSQLException data =
        new PSQLException(
            new ServerErrorMessage("SERROR\0C22P02\0Minvalid input \"" + PLANTED + "\"\0"));
    assertFalse(Reasons.of(data).contains(PLANTED));
  }

  @Test
  public void whereAConnectionFailedIsTold() {
    Throwable error =
        new PSQLException(
            "Connection to 127.0.0.1:5432 refused.",
            PSQLState.CONNECTION_UNABLE_TO_CONNECT,
            new ConnectException("Connection refused"));
    assertTrue(Reasons.of(error).contains("127.0.0.1:5432"));
  }

  @Test
  public void theReasonIsOneLine() {
    assertEquals("DebeziumException (first)", Reasons.of(new DebeziumException("first\nsecond")));
  }
}
