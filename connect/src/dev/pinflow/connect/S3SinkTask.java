package dev.pinflow.connect;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands the records of each assigned partition to its writer, and commits the ends of objects. */
public final class S3SinkTask extends SinkTask {
  private static final Logger log = LoggerFactory.getLogger(S3SinkTask.class);
  private static final int REQUESTS_AT_A_TIME = 4;
  private static final long FIRST_BACKOFF_MS = 250;
  /** How soon the end of a request is noticed while no records come. */
  private static final long LOOK_AGAIN_MS = 20;

  private final Map<TopicPartition, PartitionWriter> writers = new HashMap<>();
  /** Of all partitions together: never more than they held at a time. */
  private final Deque<byte[]> spareBlocks = new ArrayDeque<>();
  private final LongSupplier nanoTime;
  private S3SinkConfig config;
  private ObjectStore store;
  private ExecutorService threads;
  private Executor executor;
  private int failures;
  private long committable;

  public S3SinkTask() {
    nanoTime = System::nanoTime;
  }

  /** For tests. */
  S3SinkTask(ObjectStore store, Executor executor, LongSupplier nanoTime) {
    this.store = store;
    this.executor = executor;
    this.nanoTime = nanoTime;
  }

  @Override
  public String version() {
    return S3SinkConnector.VERSION;
  }

  @Override
  public void start(Map<String, String> properties) {
    config = new S3SinkConfig(properties);
    if (store != null) return;
    store = config.store();
    threads = Executors.newFixedThreadPool(REQUESTS_AT_A_TIME, work -> {
      Thread thread = new Thread(work, "pinflow-s3-sink");
      thread.setDaemon(true);
      return thread;
    });
    executor = threads;
  }

  @Override
  public void open(Collection<TopicPartition> partitions) {
    for (TopicPartition partition : partitions) {
      String topic = partition.topic();
      Place place = new Place(config.prefix(), config.feed(topic), topic, partition.partition());
      RawLine line = new RawLine(topic, partition.partition());
      LineText text = new LineText(spareBlocks);
      writers.put(partition,
          new PartitionWriter(place, line, text, store, config.flushPolicy(), config.gzipLevel(), executor, nanoTime));
    }
  }

  /** What is in no object yet is read again by the next owner, which finds what a request under way still creates. */
  @Override
  public void close(Collection<TopicPartition> partitions) {
    partitions.forEach(writers::remove);
  }

  @Override
  public void put(Collection<SinkRecord> records) {
    try {
      for (PartitionWriter writer : writers.values()) writer.proceed();
      for (SinkRecord record : records) take(record);
      for (PartitionWriter writer : writers.values()) writer.proceed();
      failures = 0;
    } catch (RetriableException fault) {
      long pause = backoff();
      log.warn("Tried again in {} ms. {}", pause, fault.getMessage());
      context.timeout(pause);
      throw fault;
    }
    commitWhatLanded();
    lookAgainInTime();
  }

  @Override
  public Map<TopicPartition, OffsetAndMetadata> preCommit(Map<TopicPartition, OffsetAndMetadata> delivered) {
    Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
    writers.forEach((partition, writer) -> {
      if (writer.committable() >= 0) ends.put(partition, new OffsetAndMetadata(writer.committable()));
    });
    return ends;
  }

  @Override
  public void stop() {
    if (threads != null) threads.shutdownNow();
    if (store != null) store.close();
  }

  private void take(SinkRecord record) {
    if (!isBytes(record.key()) || !isBytes(record.value())) {
      throw new ConnectException("The connector takes records as they are: "
          + "set key.converter and value.converter to org.apache.kafka.connect.converters.ByteArrayConverter.");
    }
    PartitionWriter writer = writers.get(new TopicPartition(record.topic(), record.kafkaPartition()));
    while (buffered() >= config.bufferBytes()) largest().makeRoom();
    writer.take(record);
    if (writer.bytes() >= config.flushBytes()) writer.proceed();
  }

  private static boolean isBytes(Object value) {
    return value == null || value instanceof byte[];
  }

  private long buffered() {
    long bytes = 0;
    for (PartitionWriter writer : writers.values()) bytes += writer.bytes();
    return bytes;
  }

  private PartitionWriter largest() {
    return writers.values().stream().max(Comparator.comparingLong(PartitionWriter::bytes)).orElseThrow();
  }

  private void commitWhatLanded() {
    long sum = writers.values().stream().mapToLong(PartitionWriter::committable).sum();
    if (sum != committable) context.requestCommit();
    committable = sum;
  }

  private void lookAgainInTime() {
    long due = writers.values().stream().mapToLong(PartitionWriter::nanosUntilDue).min().orElse(Long.MAX_VALUE);
    boolean isBusy = writers.values().stream().anyMatch(PartitionWriter::isBusy);
    if (isBusy) context.timeout(LOOK_AGAIN_MS);
    else if (due != Long.MAX_VALUE) context.timeout(Math.max(1, TimeUnit.NANOSECONDS.toMillis(due) + 1));
  }

  /** Doubles with every failure, with jitter. */
  private long backoff() {
    long longest = Math.min(config.longestBackoffMs(), FIRST_BACKOFF_MS << Math.min(failures++, 20));
    return Math.max(1, ThreadLocalRandom.current().nextLong(longest / 2, longest + 1));
  }
}
