package dev.tributary.pipeline;

import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.StreamingOptions;
import org.apache.beam.sdk.options.Validation;

/** What the pipeline is told on its command line. Runner and S3 options are Beam's own. */
public interface TributaryOptions extends StreamingOptions {
  @Description("kafka or pubsub for the stream; files for one batch file; backfill; compact; erase")
  @Default.String("kafka")
  String getSource();

  void setSource(String source);

  @Description("The lake's root: s3://bucket or gs://bucket, no trailing slash")
  @Validation.Required
  String getLake();

  void setLake(String lake);

  @Description("The PII key file, readable where the workers run: docs/interfaces.md#pii")
  @Validation.Required
  String getPiiKeysFile();

  void setPiiKeysFile(String file);

  @Description(
      "Compiled contracts: a path or a URI of the lake, read anew every 10 s; or the JSON itself;"
          + " default: those built into the jar")
  String getContracts();

  void setContracts(String contracts);

  @Description("Compiled feature groups: a path, or the JSON itself; default: those of the jar")
  String getFeatures();

  void setFeatures(String features);

  @Description("Kafka brokers, host:port,host:port")
  String getBootstrap();

  void setBootstrap(String bootstrap);

  @Description("What the names of all Kafka topics start with")
  @Default.String("tributary.")
  String getTopicPrefix();

  void setTopicPrefix(String prefix);

  @Description("Kafka consumer group, for people who look at the broker")
  @Default.String("tributary-pipeline")
  String getConsumerGroup();

  void setConsumerGroup(String group);

  @Description("projects/<project>/subscriptions/<name> of the changes")
  String getChangesSubscription();

  void setChangesSubscription(String subscription);

  @Description("projects/<project>/subscriptions/<name> of the dead letters")
  String getDeadLetterSubscription();

  void setDeadLetterSubscription(String subscription);

  @Description("projects/<project>/topics/<name> for feature rows")
  String getFeaturesTopic();

  void setFeaturesTopic(String topic);

  @Description(
      "project:dataset whose tables get each processed row by the Storage Write API as well;"
          + " default: none")
  String getBigqueryDataset();

  void setBigqueryDataset(String dataset);

  @Description("How long rows gather before they become a file")
  @Default.Integer(5)
  Integer getFlushSeconds();

  void setFlushSeconds(Integer seconds);

  /**
   * A file waits for its checkpoint as one element: https://cloud.google.com/dataflow/quotas#limits
   * allows 80 MB for one in Streaming Engine.
   */
  @Description("A file is rolled earlier when it has this many bytes, encoded; at most 64 MiB")
  @Default.Long(64L << 20)
  Long getMaxFileBytes();

  void setMaxFileBytes(Long bytes);

  @Description("How long an event id is remembered, at least; at most twice as long")
  @Default.Integer(24)
  Integer getDedupeTtlHours();

  void setDedupeTtlHours(Integer hours);

  @Description("How long, in event time, an entity without events is remembered by its windows")
  @Default.Integer(90)
  Integer getEntityMemoryDays();

  void setEntityMemoryDays(Integer days);

  @Description("Batch: the URI of the landing object")
  String getInput();

  void setInput(String uri);

  @Description("Batch: the stream whose contract the file follows")
  String getStream();

  void setStream(String stream);

  @Description("Batch: csv, ndjson or parquet")
  String getFormat();

  void setFormat(String format);

  @Description("Batch: what the whole file is packed with, none or gzip")
  @Default.String("none")
  String getCompression();

  void setCompression(String compression);

  @Description("Batch: the dataset's mapping, JSON; default: columns are called as the fields")
  String getMapping();

  void setMapping(String mapping);

  @Description("Batch: where beneath the lake to say what became of the file; default: nowhere")
  String getReport();

  void setReport(String path);

  @Description("Batch: the object's generation")
  Long getGeneration();

  void setGeneration(Long generation);

  @Description("Batch: when the object was finalized, RFC 3339")
  String getObjectTime();

  void setObjectTime(String time);

  @Description("Backfill, compact and erase: names the run and what it stages")
  String getRun();

  void setRun(String run);

  @Description("Backfill: publish times from here on, RFC 3339")
  String getFrom();

  void setFrom(String time);

  @Description("Backfill: publish times before this, RFC 3339")
  String getTo();

  void setTo(String time);

  @Description("Backfill: raw files younger than this are left out")
  @Default.Integer(300)
  Integer getSettleSeconds();

  void setSettleSeconds(Integer seconds);

  @Description("Erase: what is erased, as contracts declare it, such as customer")
  String getSubject();

  void setSubject(String subject);

  @Description("Erase: where beneath the lake the sealed request of `npm run erase` lies")
  String getErasure();

  void setErasure(String path);

  @Description("Erase: only count what is there")
  @Default.Boolean(false)
  Boolean getCountOnly();

  void setCountOnly(Boolean countOnly);

  @Description("Compact: a folder with a file younger than this is left alone")
  @Default.Integer(3_600)
  Integer getOlderThanSeconds();

  void setOlderThanSeconds(Integer seconds);

  @Description("Compact: Parquet bytes of one file, at most")
  @Default.Long(128L << 20)
  Long getCompactedFileBytes();

  void setCompactedFileBytes(Long bytes);
}
