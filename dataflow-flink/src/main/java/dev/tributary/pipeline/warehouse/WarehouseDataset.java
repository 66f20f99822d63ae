package dev.tributary.pipeline.warehouse;

import dev.tributary.pipeline.ConfigurationException;
import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A dataset of BigQuery, which has a table for each stream. */
public record WarehouseDataset(String project, String dataset) implements Serializable {
  /** Projects may have a domain before them: {@code example.com:project}. */
  private static final Pattern FORM =
      Pattern.compile(
          "(?<project>(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]):(?<dataset>\\w{1,1024})");

  /** What {@code load-warehouse} fills from files: docs/interfaces.md#warehouse. */
  private static final String LOADED_FROM_FILES = "staging";

  /**
   * Reads {@code project:dataset}.
   *
   * @throws ConfigurationException OPTION_INVALID; also for the dataset that files are loaded into,
   *     which would then have each row twice
   */
  public static WarehouseDataset parse(String option) {
    Matcher form = FORM.matcher(option);
    if (!form.matches()) {
      throw new ConfigurationException(
          "OPTION_INVALID",
          "--bigqueryDataset is project:dataset, such as my-project:streamed, not " + option);
    }
    if (form.group("dataset").equals(LOADED_FROM_FILES)) {
      throw new ConfigurationException(
          "OPTION_INVALID",
          "--bigqueryDataset must not be staging: load-warehouse loads the same rows there from"
              + " files. Give a dataset of its own, such as streamed.");
    }
    return new WarehouseDataset(form.group("project"), form.group("dataset"));
  }

  /** As BigQueryIO writes a table's name. */
  String table(String stream) {
    return this + "." + stream;
  }

  @Override
  public String toString() {
    return project + ":" + dataset;
  }
}
