package dev.pinflow.connect;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.NonEmptyString;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.errors.ConnectException;

/** The connector's own properties: connect/README.md. */
final class S3SinkConfig extends AbstractConfig {
  static final String FEEDS = "feeds";
  private static final String BUCKET = "s3.bucket";
  private static final String REGION = "s3.region";
  private static final String PREFIX = "s3.prefix";
  private static final String PATH_STYLE = "s3.path.style.access";
  private static final String FLUSH_RECORDS = "flush.records";
  private static final String FLUSH_BYTES = "flush.bytes";
  private static final String FLUSH_INTERVAL = "flush.interval.ms";
  private static final String BUFFER_BYTES = "buffer.bytes";
  private static final String GZIP_LEVEL = "gzip.level";
  private static final String LONGEST_BACKOFF = "retry.backoff.max.ms";

  static final ConfigDef DEFINITION = new ConfigDef()
      .define(BUCKET, Type.STRING, ConfigDef.NO_DEFAULT_VALUE, new NonEmptyString(), Importance.HIGH,
          "Bucket of the objects")
      .define(REGION, Type.STRING, ConfigDef.NO_DEFAULT_VALUE, new NonEmptyString(), Importance.HIGH,
          "Region of the bucket")
      .define(FEEDS, Type.LIST, ConfigDef.NO_DEFAULT_VALUE, Importance.HIGH,
          "The feed of every topic: topic:feed, separated by commas")
      .define(PREFIX, Type.STRING, "raw", new NonEmptyString(), Importance.LOW, "What the keys of objects begin with")
      .define(PATH_STYLE, Type.BOOLEAN, null, Importance.LOW,
          "Bucket in the path instead of the host name; by default where the SDK is given another endpoint than AWS's")
      .define(FLUSH_RECORDS, Type.INT, 50_000, Range.atLeast(1), Importance.MEDIUM,
          "Records after which an object ends")
      .define(FLUSH_BYTES, Type.LONG, 16L << 20, Range.atLeast(1), Importance.MEDIUM,
          "Bytes of lines, before compression, after which an object ends")
      .define(FLUSH_INTERVAL, Type.LONG, 60_000L, Range.between(1, TimeUnit.DAYS.toMillis(1)), Importance.MEDIUM,
          "How long a record waits at most before its object is written, in milliseconds")
      .define(BUFFER_BYTES, Type.LONG, 64L << 20, Range.atLeast(1), Importance.MEDIUM,
          "Bytes that one task holds at most; its largest object ends early when they are reached")
      .define(GZIP_LEVEL, Type.INT, 1, Range.between(1, 9), Importance.LOW, "1 (fast) to 9 (small)")
      .define(LONGEST_BACKOFF, Type.LONG, 30_000L, Range.between(1, TimeUnit.HOURS.toMillis(1)), Importance.LOW,
          "The longest pause between attempts while S3 refuses, in milliseconds");

  private final Map<String, String> feedByTopic = new HashMap<>();

  S3SinkConfig(Map<String, String> properties) {
    super(DEFINITION, properties, false);
    for (String pair : getList(FEEDS)) {
      String[] parts = pair.split(":");
      if (parts.length != 2 || parts[0].isBlank() || !parts[1].matches("[A-Za-z0-9_-]+")) {
        throw new ConfigException(FEEDS, pair, "Write topic:feed, such as demo.pin:pin.");
      }
      feedByTopic.put(parts[0].trim(), parts[1]);
    }
  }

  /** Finds the topics that have no feed before a task would. */
  void checkTopics(List<String> topics) {
    for (String topic : topics) {
      if (!feedByTopic.containsKey(topic)) throw new ConfigException(FEEDS, getList(FEEDS), noFeed(topic));
    }
  }

  String feed(String topic) {
    String feed = feedByTopic.get(topic);
    if (feed == null) throw new ConnectException(noFeed(topic));
    return feed;
  }

  String prefix() {
    return getString(PREFIX);
  }

  FlushPolicy flushPolicy() {
    long interval = TimeUnit.MILLISECONDS.toNanos(getLong(FLUSH_INTERVAL));
    return new FlushPolicy(getInt(FLUSH_RECORDS), flushBytes(), interval);
  }

  long flushBytes() {
    return getLong(FLUSH_BYTES);
  }

  long bufferBytes() {
    return getLong(BUFFER_BYTES);
  }

  int gzipLevel() {
    return getInt(GZIP_LEVEL);
  }

  long longestBackoffMs() {
    return getLong(LONGEST_BACKOFF);
  }

  ObjectStore store() {
    Boolean pathStyle = getBoolean(PATH_STYLE);
    return new S3ObjectStore(getString(BUCKET), getString(REGION), pathStyle == null ? hasOwnEndpoint() : pathStyle);
  }

  /** https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
  private static boolean hasOwnEndpoint() {
    return Stream.of("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3").anyMatch(name -> System.getenv(name) != null)
        || Stream.of("aws.endpointUrl", "aws.endpointUrlS3").anyMatch(name -> System.getProperty(name) != null);
  }

  private static String noFeed(String topic) {
    return "The property " + FEEDS + " names no feed for the topic " + topic + ": add " + topic + ":<feed>.";
  }
}
