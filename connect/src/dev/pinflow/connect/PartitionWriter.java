package dev.pinflow.connect;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.apache.kafka.connect.sink.SinkRecord;

/**
 * Writes one partition as a chain of objects, each beginning after the one before. It begins where an object begins (the
 * offsets that are committed are such places), so whoever else writes the partition, both make the same chain.
 *
 * <p>At most one request is under way, for the oldest lines; further lines are taken meanwhile. All methods are called by
 * the task's thread.
 */
final class PartitionWriter {
  private static final long NONE = -1;

  private final Place place;
  private final RawLine rawLine;
  private final ObjectStore store;
  private final FlushPolicy policy;
  private final int gzipLevel;
  private final Executor executor;
  private final LongSupplier nanoTime;

  /** Taken and in no object that is known of, by offset. */
  private final List<Line> lines = new ArrayList<>();
  private final LineText text;
  private long bytes;
  /** How many of the oldest lines are known to fit in one object. */
  private int fitting;
  /** The last record that came, and the last one that is in an object. */
  private long taken = NONE;
  private long landed = NONE;
  private long committable = NONE;
  /** Whether an earlier writer's object may begin with the first record. */
  private boolean looksForObject = true;
  private CompletableFuture<Optional<Long>> request;

  PartitionWriter(Place place, RawLine rawLine, LineText text, ObjectStore store, FlushPolicy policy, int gzipLevel,
      Executor executor, LongSupplier nanoTime) {
    this.place = place;
    this.rawLine = rawLine;
    this.text = text;
    this.store = store;
    this.policy = policy;
    this.gzipLevel = gzipLevel;
    this.executor = executor;
    this.nanoTime = nanoTime;
  }

  /** Takes a record, unless it was taken already or is in an object. */
  void take(SinkRecord record) {
    long offset = record.kafkaOffset();
    if (offset <= taken) return;
    taken = offset;
    if (offset > landed) {
      long timestamp = Place.timestampOf(record.timestamp());
      long begin = text.end();
      rawLine.addTo(text, offset, timestamp, (byte[]) record.key(), (byte[]) record.value());
      Line line = new Line(offset, timestamp, nanoTime.getAsLong(), begin, text.end());
      lines.add(line);
      bytes += line.size();
    }
    advance();
  }

  /**
   * Notes what has landed, and begins the next request if one is due.
   *
   * @throws org.apache.kafka.connect.errors.RetriableException when the last request failed; the next call tries again
   */
  void proceed() {
    do collect(false);
    while (request == null && begin(false));
  }

  /** Writes the oldest lines, whether or not they are due, and waits for it. @throws as {@link #proceed} does */
  void makeRoom() {
    if (request == null) begin(true);
    collect(true);
  }

  /** Where to go on after a restart: always the end of an object. Negative: nowhere yet. */
  long committable() {
    return committable;
  }

  long bytes() {
    return bytes;
  }

  boolean isBusy() {
    return request != null;
  }

  /** Nanoseconds until the oldest line has waited long enough; Long.MAX_VALUE when there is none. */
  long nanosUntilDue() {
    return lines.isEmpty() ? Long.MAX_VALUE : lines.get(0).takenAt + policy.intervalNanos - nanoTime.getAsLong();
  }

  /** @return whether a request was begun */
  private boolean begin(boolean dueOrNot) {
    if (lines.isEmpty()) return false;
    if (looksForObject) {
      Segment first = segment(1);
      request = CompletableFuture.supplyAsync(() -> first.lastOffset(store), executor);
      return true;
    }
    int length = length();
    boolean isFull = length < lines.size() || length == policy.records;
    if (!dueOrNot && !isFull && bytes < policy.bytes && nanosUntilDue() > 0) return false;
    Segment segment = segment(length);
    request = CompletableFuture.supplyAsync(() -> Optional.of(segment.land(store, gzipLevel)), executor);
    return true;
  }

  /** How many of the oldest lines fit in one object. Lines are only added until some have landed: it goes on from there. */
  private int length() {
    while (fitting < lines.size() && fitting < policy.records && fits(lines.get(fitting))) fitting++;
    return fitting;
  }

  private boolean fits(Line line) {
    Line first = lines.get(0);
    return line.begin - first.begin < policy.bytes && line.day() == first.day();
  }

  private Segment segment(int length) {
    Line first = lines.get(0);
    Line last = lines.get(length - 1);
    String key = place.key(first.offset, first.timestamp);
    return new Segment(key, first.offset, last.offset, length, text.part(first.begin, last.end));
  }

  private void collect(boolean wait) {
    if (request == null || !(wait || request.isDone())) return;
    CompletableFuture<Optional<Long>> done = request;
    try {
      Optional<Long> last = done.join();
      looksForObject = false;
      last.ifPresent(this::landedUpTo);
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RuntimeException) throw (RuntimeException) failed.getCause();
      throw failed;
    } finally {
      request = null;
    }
  }

  private void landedUpTo(long last) {
    landed = last;
    int gone = 0;
    while (gone < lines.size() && lines.get(gone).offset <= last) bytes -= lines.get(gone++).size();
    if (gone > 0) text.dropUpTo(lines.get(gone - 1).end);
    lines.subList(0, gone).clear();
    fitting = 0;
    advance();
  }

  /** Connect ignores an offset that it has not delivered: the end of a longer object waits until all of it came. */
  private void advance() {
    if (taken >= landed && landed != NONE) committable = landed + 1;
  }
}
