package dev.tributary.pipeline.batch;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;

/** Assembles the cells of a row as Parquet's reader hands them over. */
final class ParquetCells extends RecordMaterializer<JsonNode[]> {
  private final JsonNode[] cells;
  private final Converter[] converters;
  private final GroupConverter row =
      new GroupConverter() {
        @Override
        public Converter getConverter(int column) {
          return converters[column];
        }

        @Override
        public void start() {
          Arrays.fill(cells, null);
        }

        @Override
        public void end() {
          // The cells are taken by getCurrentRecord.
        }
      };

  ParquetCells(List<ParquetColumn> columns) {
    cells = new JsonNode[columns.size()];
    converters = new Converter[columns.size()];
    for (int i = 0; i < converters.length; i++) {
      converters[i] = new Cell(columns.get(i), i);
    }
  }

  @Override
  public JsonNode[] getCurrentRecord() {
    return cells.clone();
  }

  @Override
  public GroupConverter getRootConverter() {
    return row;
  }

  private final class Cell extends PrimitiveConverter {
    private final ParquetColumn column;
    private final int index;

    Cell(ParquetColumn column, int index) {
      this.column = column;
      this.index = index;
    }

    @Override
    public void addBinary(Binary value) {
      cells[index] = column.ofBinary(value);
    }

    @Override
    public void addBoolean(boolean value) {
      cells[index] = ParquetColumn.ofBoolean(value);
    }

    @Override
    public void addDouble(double value) {
      cells[index] = ParquetColumn.ofDouble(value);
    }

    @Override
    public void addFloat(float value) {
      cells[index] = ParquetColumn.ofFloat(value);
    }

    @Override
    public void addInt(int value) {
      cells[index] = column.ofLong(value, true);
    }

    @Override
    public void addLong(long value) {
      cells[index] = column.ofLong(value, false);
    }
  }
}
