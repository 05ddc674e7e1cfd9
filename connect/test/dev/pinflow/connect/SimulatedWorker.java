package dev.pinflow.connect;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executor;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.SinkRecord;

/** What Connect's WorkerSinkTask does around a task: delivers, delivers again, commits what the task allows, rewinds. */
final class SimulatedWorker {
  private final ChainSimulation world;
  private final Random random;
  private final S3SinkTask task;
  private final Map<TopicPartition, Long> position = new HashMap<>();
  private final Map<TopicPartition, Long> delivered = new HashMap<>();
  private final Map<TopicPartition, Long> lastCommitted = new HashMap<>();
  /** Those that the group believes it has; further ones it reads as a zombie. */
  private final Set<TopicPartition> owned = new HashSet<>();
  private List<SinkRecord> batch = new ArrayList<>();
  /** Its own request lets other workers go on, not itself. */
  private boolean isInStep;

  SimulatedWorker(ChainSimulation world) {
    this.world = world;
    random = world.random;
    Executor executor = world.isAsynchronous ? world.requests::add : Runnable::run;
    task = new S3SinkTask(world.store, executor, () -> world.now);
    task.initialize(new TaskContext());
    task.start(TaskTest.settings(
        "flush.records", "" + (1 + random.nextInt(40)),
        "flush.bytes", "" + (200 + random.nextInt(8000)),
        "flush.interval.ms", "" + (1 + random.nextInt(20_000)),
        // Waiting for room would wait for ever for a request that nobody runs.
        "buffer.bytes", "" + (world.isAsynchronous ? 1 << 30 : 500 + random.nextInt(10_000))));
  }

  List<TopicPartition> owned() {
    return new ArrayList<>(owned);
  }

  void open(TopicPartition partition) {
    long start = world.committed.getOrDefault(partition, 0L);
    batch.removeIf(record -> record.kafkaPartition() == partition.partition());
    owned.add(partition);
    position.put(partition, start);
    delivered.put(partition, start);
    lastCommitted.put(partition, start);
    task.open(List.of(partition));
  }

  void close(TopicPartition partition, boolean inPeace) {
    if (inPeace) commit();
    task.close(List.of(partition));
    owned.remove(partition);
    for (Map<TopicPartition, Long> each : List.of(position, delivered, lastCommitted)) each.remove(partition);
    batch.removeIf(record -> record.kafkaPartition() == partition.partition());
  }

  void disown(TopicPartition partition) {
    owned.remove(partition);
  }

  void step() {
    if (isInStep || position.isEmpty()) return;
    isInStep = true;
    if (batch.isEmpty()) poll();
    try {
      task.put(new ArrayList<>(batch));
      delivered.putAll(position);
      batch.clear();
    } catch (RetriableException again) {
      // The same batch comes again.
    } finally {
      isInStep = false;
    }
    if (random.nextInt(3) == 0) commit();
  }

  private void poll() {
    for (TopicPartition partition : position.keySet()) {
      for (SinkRecord record : world.log.from(partition, position.get(partition), random.nextInt(12))) {
        batch.add(record);
        position.put(partition, record.kafkaOffset() + 1);
      }
    }
  }

  private void commit() {
    boolean fails = random.nextInt(8) == 0;
    for (Map.Entry<TopicPartition, OffsetAndMetadata> each : task.preCommit(Map.of()).entrySet()) {
      TopicPartition partition = each.getKey();
      long end = each.getValue().offset();
      if (fails) {
        rewind(partition);
      } else if (end <= delivered.get(partition)) {
        // A group refuses a zombie's commit; here it may even pass.
        boolean passes = !world.isSettling && random.nextInt(4) == 0;
        if (owned.contains(partition) || passes) world.committed.put(partition, end);
        lastCommitted.put(partition, end);
      }
    }
  }

  private void rewind(TopicPartition partition) {
    position.put(partition, lastCommitted.get(partition));
    delivered.put(partition, lastCommitted.get(partition));
    batch.removeIf(record -> record.kafkaPartition() == partition.partition());
  }
}
