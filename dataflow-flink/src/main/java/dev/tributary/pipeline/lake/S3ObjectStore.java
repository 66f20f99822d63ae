package dev.tributary.pipeline.lake;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.stream.Stream;
import org.apache.beam.sdk.io.aws2.options.S3ClientBuilderFactory;
import org.apache.beam.sdk.io.aws2.options.S3Options;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.util.InstanceBuilder;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * One PUT an object. Beam's own S3 channel makes every object a multipart upload, three requests
 * and a buffer of at least 5 MiB each, which thousands of small files feel.
 */
final class S3ObjectStore implements ObjectStore {
  private static final int PRECONDITION_FAILED = 412;

  private final S3Client client;
  private final String bucket;
  private final String prefix;

  private S3ObjectStore(S3Client client, String bucket, String prefix) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
  }

  static S3ObjectStore open(String base, PipelineOptions options) {
    S3Options s3Options = options.as(S3Options.class);
    S3ClientBuilder builder =
        InstanceBuilder.ofType(S3ClientBuilderFactory.class)
            .fromClass(s3Options.getS3ClientFactoryClass())
            .build()
            .createBuilder(s3Options);
    if (s3Options.getEndpoint() != null) {
      // An S3 server of one's own has no DNS name for each bucket.
      builder.forcePathStyle(true);
    }
    String rest = base.substring("s3://".length());
    int slash = rest.indexOf('/');
    return new S3ObjectStore(builder.build(), rest.substring(0, slash), rest.substring(slash + 1));
  }

  @Override
  public void putIfAbsent(String path, byte[] bytes, String contentType) throws IOException {
    try {
      client.putObject(
          request(path, contentType)
              .overrideConfiguration(override -> override.putHeader("If-None-Match", "*"))
              .build(),
          RequestBody.fromBytes(bytes));
    } catch (S3Exception e) {
      if (e.statusCode() != PRECONDITION_FAILED) {
        throw failed("write", path, e);
      }
    } catch (SdkException e) {
      throw failed("write", path, e);
    }
  }

  @Override
  public void put(String path, byte[] bytes, String contentType) throws IOException {
    try {
      client.putObject(request(path, contentType).build(), RequestBody.fromBytes(bytes));
    } catch (SdkException e) {
      throw failed("write", path, e);
    }
  }

  @Override
  public Stream<StoredObject> list(String path) throws IOException {
    try {
      // Pages are asked for as the stream is read; S3 lists in name order.
      return client
          .listObjectsV2Paginator(request -> request.bucket(bucket).prefix(prefix + path))
          .contents()
          .stream()
          .map(
              found ->
                  new StoredObject(
                      found.key().substring(prefix.length()),
                      found.size(),
                      found.lastModified().toEpochMilli()));
    } catch (SdkException e) {
      throw failed("list", path, e);
    }
  }

  @Override
  public byte[] get(String path) throws IOException {
    try {
      return client
          .getObjectAsBytes(request -> request.bucket(bucket).key(prefix + path))
          .asByteArrayUnsafe();
    } catch (NoSuchKeyException e) {
      throw new FileNotFoundException(prefix + path);
    } catch (SdkException e) {
      throw failed("read", path, e);
    }
  }

  private PutObjectRequest.Builder request(String path, String contentType) {
    return PutObjectRequest.builder().bucket(bucket).key(prefix + path).contentType(contentType);
  }

  private IOException failed(String action, String path, SdkException cause) {
    return new IOException("Could not " + action + " s3://" + bucket + "/" + prefix + path, cause);
  }
}
