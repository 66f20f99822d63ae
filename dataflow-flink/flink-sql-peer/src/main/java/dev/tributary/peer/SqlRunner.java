package dev.tributary.peer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Runs {@code pipeline.sql} of this jar as one job. Arguments are {@code --name=value}: each stands
 * for <code>${name}</code> in the script, and {@code --set=key=value} sets a table option over the
 * script's own.
 */
public final class SqlRunner {
  private static final Pattern SET = Pattern.compile("(?is)SET\\s+'([^']+)'\\s*=\\s*'([^']*)'");
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Za-z]+)}");

  private SqlRunner() {}

  /** Submits the job; it returns while the job runs. */
  public static void main(String[] args) throws IOException {
    Map<String, String> values = new HashMap<>();
    List<String[]> settings = new ArrayList<>();
    for (String arg : args) {
      String[] pair = arg.replaceFirst("^--", "").split("=", 2);
      if (pair[0].equals("set")) {
        settings.add(pair[1].split("=", 2));
      } else {
        values.put(pair[0], pair[1]);
      }
    }
    TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    List<String> inserts = new ArrayList<>();
    for (String statement : statements(script(), values)) {
      Matcher set = SET.matcher(statement);
      if (set.matches()) {
        tables.getConfig().set(set.group(1), set.group(2));
      } else if (statement.regionMatches(true, 0, "INSERT", 0, 6)) {
        inserts.add(statement);
      } else {
        tables.executeSql(statement);
      }
    }
    settings.forEach(pair -> tables.getConfig().set(pair[0], pair[1]));
    // One job for all sinks, so that reading, parsing and dropping duplicates are shared.
    StatementSet job = tables.createStatementSet();
    inserts.forEach(job::addInsertSql);
    job.execute();
  }

  /** The statements, without comments and with every placeholder filled in. */
  static List<String> statements(String script, Map<String, String> values) {
    StringBuilder code = new StringBuilder();
    for (String line : script.split("\n")) {
      if (!line.strip().startsWith("--")) {
        code.append(line).append('\n');
      }
    }
    String filled =
        PLACEHOLDER
            .matcher(code)
            .replaceAll(
                match -> {
                  String value = values.get(match.group(1));
                  if (value == null) {
                    throw new IllegalArgumentException("--" + match.group(1) + " is missing");
                  }
                  return Matcher.quoteReplacement(value);
                });
    List<String> statements = new ArrayList<>();
    for (String statement : filled.split(";\\s*\n")) {
      if (!statement.isBlank()) {
        statements.add(statement.strip());
      }
    }
    return statements;
  }

  private static String script() throws IOException {
    try (InputStream in = SqlRunner.class.getResourceAsStream("/pipeline.sql")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
