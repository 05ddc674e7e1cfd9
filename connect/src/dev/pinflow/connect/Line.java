package dev.pinflow.connect;

/** A record that is in no object yet, as far as its writer knows. */
final class Line {
  /** What an object of this class takes beside its text. */
  private static final int OVERHEAD = 80;

  final long offset;
  final long timestamp;
  /** Nanoseconds of a monotonic clock. */
  final long takenAt;
  /** Where its text begins and ends among that of its partition. */
  final long begin;
  final long end;

  Line(long offset, long timestamp, long takenAt, long begin, long end) {
    this.offset = offset;
    this.timestamp = timestamp;
    this.takenAt = takenAt;
    this.begin = begin;
    this.end = end;
  }

  long day() {
    return timestamp / Place.MS_PER_DAY;
  }

  /** Bytes of memory. */
  long size() {
    return end - begin + OVERHEAD;
  }
}
