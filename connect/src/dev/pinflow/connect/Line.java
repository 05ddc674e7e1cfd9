package dev.pinflow.connect;

/** A record that is in no object yet, as far as its writer knows. */
final class Line {
  /** What an object of this class takes beside its text. */
  private static final int OVERHEAD = 80;

  final long offset;
  final long timestamp;
  /** Nanoseconds of a monotonic clock. */
  final long takenAt;
  final byte[] text;

  Line(long offset, long timestamp, long takenAt, byte[] text) {
    this.offset = offset;
    this.timestamp = timestamp;
    this.takenAt = takenAt;
    this.text = text;
  }

  long day() {
    return timestamp / Place.MS_PER_DAY;
  }

  /** Bytes of memory. */
  int size() {
    return text.length + OVERHEAD;
  }
}
