package dev.pinflow.connect;

import static dev.pinflow.connect.Tests.check;
import static dev.pinflow.connect.Tests.equal;
import static dev.pinflow.connect.Tests.test;
import static dev.pinflow.connect.Tests.thrown;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.SinkRecord;

/** The task by itself: when objects end, what is committed, what happens while S3 refuses. */
final class TaskTest {
  private static final TopicPartition PARTITION = new TopicPartition("demo.pin", 0);
  private static final long NOON = 1_767_182_400_000L; // 2025-12-31T12:00Z
  private static final String FOLDER = "raw/pin/dt=2025-12-31/demo.pin+0+";

  private final MemoryStore store;
  private final TaskContext context = new TaskContext();
  private final S3SinkTask task;
  private long now;

  private TaskTest(MemoryStore store, String... settings) {
    this.store = store;
    task = new S3SinkTask(store, Runnable::run, () -> now);
    task.initialize(context);
    task.start(settings(settings));
    task.open(List.of(PARTITION));
  }

  static void run() throws Exception {
    test("an object ends by records", () -> {
      TaskTest sink = new TaskTest(new MemoryStore(), "flush.records", "3");
      sink.put(records(0, 8));
      sink.put(List.of());
      sink.put(List.of());
      equal(sink.keys(), List.of(key(0), key(3)));
      equal(sink.store.objects.get(key(3)).metadata, Map.of("last-offset", "5", "records", "3"));
      equal(sink.committed(), 6L);
      check(sink.context.commitRequested, "a commit is asked for");
    });
    test("an object ends by bytes", () -> {
      TaskTest sink = new TaskTest(new MemoryStore(), "flush.bytes", "1000");
      sink.put(records(0, 50));
      for (MemoryStore.Stored each : sink.store.objects.values()) {
        long bytes = each.lines().stream().mapToInt(line -> line.length() + 1).sum();
        check(bytes < 1200, bytes + " bytes");
      }
      check(sink.keys().size() > 2, "several objects");
    });
    test("an object ends by time, and the task asks to be called then", () -> {
      TaskTest sink = new TaskTest(new MemoryStore(), "flush.interval.ms", "2000");
      sink.put(records(0, 2));
      equal(sink.keys(), List.of());
      equal(sink.context.timeoutMs, 2001L);
      sink.now = 1_999_000_000L;
      sink.put(records(2, 4));
      equal(sink.keys(), List.of());
      sink.now = 2_000_000_000L;
      sink.put(List.of());
      equal(sink.keys(), List.of(key(0)));
      sink.put(List.of());
      equal(sink.committed(), 4L);
    });
    test("an object ends with its date", () -> {
      TaskTest sink = new TaskTest(new MemoryStore());
      long midnight = NOON + Place.MS_PER_DAY / 2;
      sink.put(List.of(record(0, midnight - 2), record(1, midnight - 1), record(2, midnight), record(3, midnight + 5)));
      sink.now = Long.MAX_VALUE / 2;
      sink.put(List.of());
      sink.put(List.of());
      equal(sink.keys(), List.of(key(0), "raw/pin/dt=2026-01-01/demo.pin+0+00000000000000000002.jsonl.gz"));
      equal(sink.committed(), 4L);
    });
    test("nothing is committed before it is in an object", () -> {
      TaskTest sink = new TaskTest(new MemoryStore());
      sink.put(records(0, 100));
      equal(sink.committed(), null);
    });
    test("records without key, value or time, and no JSON, are lines as any other", () -> {
      TaskTest sink = new TaskTest(new MemoryStore(), "flush.records", "3");
      sink.put(List.of(
          new SinkRecord("demo.pin", 0, null, null, null, null, 0, null, TimestampType.NO_TIMESTAMP_TYPE),
          new SinkRecord("demo.pin", 0, null, null, null, bytes("{"), 1, -1L, TimestampType.CREATE_TIME),
          new SinkRecord("demo.pin", 0, null, bytes("k"), null, new byte[0], 2, 0L, TimestampType.CREATE_TIME)));
      sink.put(List.of());
      String place = "{\"source\":\"kafka\",\"topic\":\"demo.pin\",\"partition\":\"0\",\"offset\":\"";
      equal(sink.store.objects.get("raw/pin/dt=1970-01-01/demo.pin+0+00000000000000000000.jsonl.gz").lines(), List.of(
          place + "0\",\"timestamp\":0,\"key\":null}",
          place + "1\",\"timestamp\":0,\"key\":null,\"valueBase64\":\"ew==\"}",
          place + "2\",\"timestamp\":0,\"key\":\"k\",\"valueBase64\":\"\"}"));
    });
    test("a shorter object of another writer: the rest follows it", () -> {
      MemoryStore store = new MemoryStore();
      TaskTest sink = new TaskTest(store, "flush.records", "10");
      sink.put(records(0, 5));
      TaskTest zombie = new TaskTest(store, "flush.records", "4");
      zombie.put(records(0, 5));
      sink.put(records(5, 14));
      sink.put(List.of());
      equal(sink.keys(), List.of(key(0), key(4)));
      equal(store.objects.get(key(4)).metadata.get("last-offset"), "13");
      sink.put(List.of());
      equal(sink.committed(), 14L);
    });
    test("a longer object of another writer: what it holds is passed over, and committed once it was delivered", () -> {
      MemoryStore store = new MemoryStore();
      new TaskTest(store, "flush.records", "10").put(records(0, 10));
      TaskTest sink = new TaskTest(store, "flush.records", "4");
      sink.put(records(0, 3));
      equal(sink.committed(), null);
      sink.put(records(3, 14));
      sink.put(List.of());
      equal(sink.keys(), List.of(key(0), key(10)));
      equal(sink.committed(), 14L);
    });
    test("while S3 refuses the batch is asked for again, less and less often; then all is there once", () -> {
      int[] faults = {20};
      MemoryStore store = new MemoryStore() {
        @Override
        <T> T around(Supplier<T> operation) {
          if (faults[0]-- > 0) throw new RetriableException("503");
          return super.around(operation);
        }
      };
      TaskTest sink = new TaskTest(store, "flush.records", "2", "retry.backoff.max.ms", "8000");
      List<SinkRecord> batch = records(0, 6);
      List<Long> pauses = new ArrayList<>();
      while (faults[0] > 0) {
        try {
          sink.put(batch);
        } catch (RetriableException refused) {
          pauses.add(sink.context.timeoutMs);
        }
      }
      check(pauses.get(0) <= 250 && pauses.get(9) >= 4000 && pauses.stream().allMatch(ms -> ms <= 8000), "" + pauses);
      for (int call = 0; call < 8; call++) sink.put(call == 0 ? batch : List.of());
      equal(sink.keys(), List.of(key(0), key(2), key(4)));
      equal(sink.committed(), 6L);
    });
    test("lines of any length land whole, whatever landed before them", () -> {
      TaskTest sink = new TaskTest(new MemoryStore(), "flush.records", "3");
      List<SinkRecord> records = new ArrayList<>();
      int[] lengths = {70_000, 1, 65_536, 200_000, 5, 30_000, 65_400, 131_072, 2, 90_000, 400_000, 3};
      for (int offset = 0; offset < lengths.length; offset++) records.add(record(offset, "x".repeat(lengths[offset])));
      for (SinkRecord each : records) sink.put(List.of(each));
      sink.put(List.of());
      RawLine line = new RawLine("demo.pin", 0);
      List<String> expected = new ArrayList<>();
      for (SinkRecord each : records) {
        expected.add(Tests.text(line, each.kafkaOffset(), NOON, (byte[]) each.key(), (byte[]) each.value()).trim());
      }
      List<String> landed = new ArrayList<>();
      for (String key : sink.keys()) landed.addAll(sink.store.objects.get(key).lines());
      equal(sink.keys(), List.of(key(0), key(3), key(6), key(9)));
      check(landed.equals(expected), "the lines are others");
    });
    test("memory is bounded while objects would be long", () -> {
      TaskTest sink = new TaskTest(new MemoryStore(), "buffer.bytes", "20000", "flush.interval.ms", "86400000");
      TopicPartition other = new TopicPartition("demo.pin", 1);
      sink.task.open(List.of(other));
      long most = 0;
      for (int offset = 0; offset < 5000; offset++) {
        SinkRecord second = new SinkRecord("demo.pin", 1, null, null, null, bytes("{}"), offset, NOON, TimestampType.LOG_APPEND_TIME);
        sink.put(offset % 3 == 0 ? List.of(record(offset, NOON), second) : List.of(record(offset, NOON)));
        long held = offset + 1 - (sink.committed() == null ? 0 : sink.committed());
        most = Math.max(most, held);
      }
      check(most < 200 && sink.keys().size() < 200, most + " records in memory, " + sink.keys().size() + " objects");
    });
    test("a value that was converted is refused with what to set", () -> {
      TaskTest sink = new TaskTest(new MemoryStore());
      SinkRecord converted = new SinkRecord("demo.pin", 0, null, null, null, Map.of("index", 1), 0);
      check(thrown(ConnectException.class, () -> sink.put(List.of(converted))).getMessage().contains("ByteArrayConverter"), "");
    });
    test("an object without metadata is told, not overwritten", () -> {
      MemoryStore store = new MemoryStore();
      store.objects.put(key(0), new MemoryStore.Stored(new byte[0], Map.of()));
      TaskTest sink = new TaskTest(store);
      check(thrown(ConnectException.class, () -> {
        sink.put(records(0, 2));
        sink.put(List.of());
      }).getMessage().contains(key(0)), "names the object");
    });
    test("settings: what is missing or wrong is named", () -> {
      S3SinkConnector connector = new S3SinkConnector();
      connector.start(settings("topics", "demo.pin"));
      equal(connector.taskConfigs(2).size(), 2);
      check(thrown(ConfigException.class, () -> connector.start(settings("topics", "demo.pin,demo.geo"))).getMessage().contains("demo.geo:<feed>"), "topic");
      thrown(ConfigException.class, () -> connector.start(settings("feeds", "demo.pin")));
      thrown(ConfigException.class, () -> connector.start(settings("flush.records", "0")));
      thrown(ConfigException.class, () -> connector.start(Map.of("feeds", "a:b")));
    });
  }

  private void put(List<SinkRecord> records) {
    task.put(records);
  }

  private List<String> keys() {
    return new ArrayList<>(store.objects.keySet());
  }

  private Long committed() {
    OffsetAndMetadata end = task.preCommit(Map.of()).get(PARTITION);
    return end == null ? null : end.offset();
  }

  static Map<String, String> settings(String... more) {
    Map<String, String> settings = new HashMap<>(Map.of("s3.bucket", "raw", "s3.region", "us-east-1", "feeds", "demo.pin:pin"));
    for (int index = 0; index < more.length; index += 2) settings.put(more[index], more[index + 1]);
    return settings;
  }

  private static String key(long offset) {
    return FOLDER + String.format(Locale.ROOT, "%020d", offset) + ".jsonl.gz";
  }

  private static List<SinkRecord> records(long from, long to) {
    List<SinkRecord> records = new ArrayList<>();
    for (long offset = from; offset < to; offset++) records.add(record(offset, NOON));
    return records;
  }

  private static SinkRecord record(long offset, long timestamp) {
    return new SinkRecord("demo.pin", 0, null, bytes("k"), null, bytes("{\"index\":" + offset + "}"), offset, timestamp, TimestampType.LOG_APPEND_TIME);
  }

  private static SinkRecord record(long offset, String text) {
    return new SinkRecord("demo.pin", 0, null, bytes("k"), null, bytes('"' + text + '"'), offset, NOON, TimestampType.LOG_APPEND_TIME);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
