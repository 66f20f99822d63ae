package dev.tributary.pipeline.batch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** Writes Parquet files as other programs do, with Parquet's own writer. */
final class ParquetSample {
  private ParquetSample() {}

  /**
   * @param columns in Parquet's schema language, without the message around them
   */
  @SafeVarargs
  static byte[] of(Path folder, String columns, Consumer<Group>... rows) throws IOException {
    MessageType schema = MessageTypeParser.parseMessageType("message row {" + columns + "}");
    Path file = Files.createTempDirectory(folder, "sample").resolve("sample.parquet");
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(file))
            .withConf(new PlainParquetConfiguration())
            .withType(schema)
            .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
            .build()) {
      for (Consumer<Group> row : rows) {
        Group group = new SimpleGroup(schema);
        row.accept(group);
        writer.write(group);
      }
    }
    return Files.readAllBytes(file);
  }
}
