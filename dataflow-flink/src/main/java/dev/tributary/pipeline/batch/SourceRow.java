package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/**
 * One row of a file as it lies there, in clear.
 *
 * @param line where it begins; in Parquet, which row it is; the first is 1
 * @param cells by column; a column that is missing is null
 * @param isText whether every cell is text whatever it means, as in CSV, where an empty one is null
 */
record SourceRow(long line, Map<String, JsonNode> cells, boolean isText) {}
