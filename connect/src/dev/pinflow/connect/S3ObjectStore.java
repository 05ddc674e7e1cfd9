package dev.pinflow.connect;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.connect.errors.RetriableException;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** S3, with conditional writes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
final class S3ObjectStore implements ObjectStore {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
  private static final Duration ATTEMPT_LIMIT = Duration.ofSeconds(30);
  /** With all attempts of the SDK. Well below max.poll.interval.ms. */
  private static final Duration CALL_LIMIT = Duration.ofSeconds(60);

  private final S3Client s3;
  private final String bucket;

  S3ObjectStore(String bucket, String region, boolean pathStyle) {
    this.bucket = bucket;
    s3 = S3Client.builder()
        .region(Region.of(region))
        .forcePathStyle(pathStyle)
        // Objects are small enough to be sent without asking first.
        .serviceConfiguration(settings -> settings.expectContinueEnabled(false))
        .httpClientBuilder(UrlConnectionHttpClient.builder().connectionTimeout(CONNECT_LIMIT).socketTimeout(ATTEMPT_LIMIT))
        .overrideConfiguration(ClientOverrideConfiguration.builder()
            .apiCallAttemptTimeout(ATTEMPT_LIMIT)
            .apiCallTimeout(CALL_LIMIT)
            .build())
        .build();
  }

  @Override
  public boolean create(String key, byte[] body, Map<String, String> metadata) {
    PutObjectRequest put = PutObjectRequest.builder()
        .bucket(bucket)
        .key(key)
        .ifNoneMatch("*")
        .contentType("application/gzip")
        .metadata(metadata)
        .build();
    try {
      s3.putObject(put, RequestBody.fromBytes(body));
      return true;
    } catch (S3Exception refused) {
      if (refused.statusCode() == 412) return false;
      // Also 409: another write of the same key is under way, and it is not known yet which will be.
      throw mayPass("written", key, refused);
    } catch (SdkException fault) {
      throw mayPass("written", key, fault);
    }
  }

  @Override
  public Optional<Map<String, String>> metadata(String key) {
    try {
      return Optional.of(s3.headObject(HeadObjectRequest.builder().bucket(bucket).key(key).build()).metadata());
    } catch (S3Exception refused) {
      if (refused.statusCode() == 404) return Optional.empty();
      throw mayPass("read", key, refused);
    } catch (SdkException fault) {
      throw mayPass("read", key, fault);
    }
  }

  @Override
  public void close() {
    s3.close();
  }

  /** A refusal for want of permission too: it is mended in the role, and then the task goes on by itself. */
  private RetriableException mayPass(String what, String key, SdkException fault) {
    return new RetriableException("s3://" + bucket + "/" + key + " could not be " + what + ": " + fault.getMessage(), fault);
  }
}
