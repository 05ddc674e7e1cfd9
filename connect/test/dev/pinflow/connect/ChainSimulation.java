package dev.pinflow.connect;

import static dev.pinflow.connect.Tests.check;
import static dev.pinflow.connect.Tests.equal;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.RetriableException;

/**
 * Random schedules of workers that crash, lose partitions with and without being told, go on as zombies, and whose
 * requests fail before or after they took effect, or take effect late. Whatever happens, in the end every record is in
 * one object, and the objects of a partition form one chain.
 */
final class ChainSimulation {
  private static final int PARTITIONS = 2;
  private static final int MOST_STEPS = 20_000;
  private static int crashes;
  private static int zombies;
  private static int moves;
  private static int refused;
  private static int objects;

  final Random random;
  final SimulatedLog log;
  final Map<TopicPartition, Long> committed = new TreeMap<>((a, b) -> Integer.compare(a.partition(), b.partition()));
  final MemoryStore store;
  /** Requests that are on their way. */
  final List<Runnable> requests = new ArrayList<>();
  /** Whether requests take effect at another time than when they are made. */
  final boolean isAsynchronous;
  private final List<SimulatedWorker> workers = new ArrayList<>();
  private final double faultRate;
  boolean isSettling;
  private boolean isInRequest;
  long now;

  private ChainSimulation(long seed) {
    random = new Random(seed);
    log = new SimulatedLog(random, PARTITIONS);
    isAsynchronous = random.nextBoolean();
    faultRate = random.nextInt(4) / 10.0;
    store = new MemoryStore() {
      @Override
      <T> T around(Supplier<T> operation) {
        return faulty(() -> super.around(operation));
      }
    };
  }

  static void run(int schedules, long seed) throws Exception {
    Tests.test(schedules + " schedules from seed " + seed + ": each record once, one chain a partition", () -> {
      for (long each = seed; each < seed + schedules; each++) {
        try {
          new ChainSimulation(each).run();
        } catch (Exception | AssertionError failure) {
          throw new AssertionError("seed " + each, failure);
        }
      }
      System.out.printf("  %d crashes, %d zombies, %d partitions moved, %d creations refused, %d objects%n", crashes,
          zombies, moves, refused, objects);
      int few = schedules / 2;
      check(crashes > few && zombies > few && moves > few && refused > few, "The schedules are too tame.");
    });
  }

  private void run() {
    SimulatedWorker first = start();
    for (TopicPartition partition : log.partitions()) first.open(partition);
    int steps = 50 + random.nextInt(400);
    for (int step = 0; step < steps; step++) event();
    settle();
    for (TopicPartition partition : log.partitions()) checkChain(partition);
    refused += store.refused;
    objects += store.objects.size();
  }

  private void event() {
    now += random.nextInt(1000) * 1_000_000L;
    runARequest();
    SimulatedWorker worker = any();
    int kind = random.nextInt(100);
    if (kind < 4) crash(worker);
    else if (kind < 8) move(worker);
    else worker.step();
  }

  private void crash(SimulatedWorker worker) {
    crashes++;
    workers.remove(worker);
    for (TopicPartition partition : worker.owned()) (random.nextBoolean() ? start() : ownerOrNew()).open(partition);
    if (workers.isEmpty()) start();
  }

  /** To another worker; the old one is told or, taken for dead, goes on. */
  private void move(SimulatedWorker from) {
    List<TopicPartition> owned = from.owned();
    if (owned.isEmpty()) return;
    moves++;
    TopicPartition partition = owned.get(random.nextInt(owned.size()));
    if (random.nextBoolean()) {
      from.close(partition, random.nextBoolean());
    } else {
      zombies++;
      from.disown(partition);
    }
    start().open(partition);
  }

  private SimulatedWorker start() {
    SimulatedWorker worker = new SimulatedWorker(this);
    workers.add(worker);
    return worker;
  }

  private SimulatedWorker any() {
    return workers.get(random.nextInt(workers.size()));
  }

  private SimulatedWorker ownerOrNew() {
    return workers.stream().filter(worker -> !worker.owned().isEmpty()).findAny().orElseGet(this::start);
  }

  private void runARequest() {
    if (requests.isEmpty() || random.nextInt(3) > 0) return;
    requests.remove(random.nextInt(requests.size())).run();
  }

  /**
   * No more faults: whoever is left goes on until all is committed. A zombie's commit may have set an offset back after
   * the owner had read to the end, so partitions are opened once more, and the group refuses zombies from here on.
   */
  private void settle() {
    isSettling = true;
    for (SimulatedWorker worker : List.copyOf(workers)) {
      for (TopicPartition partition : worker.owned()) {
        worker.close(partition, false);
        start().open(partition);
      }
    }
    for (int step = 0; step < MOST_STEPS; step++) {
      if (log.partitions().stream().allMatch(each -> committed.getOrDefault(each, 0L) == log.end(each))) return;
      now += 1_000_000_000L;
      runARequest();
      any().step();
    }
    throw new AssertionError("Not done: committed " + committed);
  }

  private <T> T faulty(Supplier<T> operation) {
    if (!isInRequest && !isAsynchronous && random.nextInt(4) == 0) {
      // Another worker is quicker.
      isInRequest = true;
      try {
        any().step();
      } finally {
        isInRequest = false;
      }
    }
    boolean fails = !isSettling && random.nextDouble() < faultRate;
    if (fails && random.nextBoolean()) throw new RetriableException("before it took effect");
    T answer = operation.get();
    if (fails) throw new RetriableException("after it took effect");
    return answer;
  }

  private void checkChain(TopicPartition partition) {
    Set<String> seen = new HashSet<>();
    List<String> expected = log.lines(partition);
    Map<Long, String> keyByStart = new TreeMap<>();
    for (String key : store.objects.keySet()) {
      if (!key.contains("+" + partition.partition() + "+")) continue;
      String start = key.substring(key.lastIndexOf('+') + 1, key.indexOf(".jsonl"));
      equal(keyByStart.put(Long.valueOf(start), key), null);
    }
    int at = 0;
    for (Map.Entry<Long, String> each : keyByStart.entrySet()) {
      MemoryStore.Stored stored = store.objects.get(each.getValue());
      List<String> lines = stored.lines();
      equal(lines, expected.subList(at, Math.min(at + lines.size(), expected.size())));
      equal(each.getKey(), log.record(partition, at).kafkaOffset());
      check(each.getValue().contains("dt=" + log.date(partition, at) + "/"), "the date of " + each.getValue());
      equal(log.date(partition, at + lines.size() - 1), log.date(partition, at));
      equal(stored.metadata.get("records"), "" + lines.size());
      at += lines.size();
      equal(stored.metadata.get("last-offset"), "" + log.record(partition, at - 1).kafkaOffset());
      lines.forEach(line -> check(seen.add(line), "twice: " + line));
    }
    equal(at, expected.size());
  }
}
