package dev.pinflow.connect;

/** When an object ends, besides the end of its date. */
final class FlushPolicy {
  final int records;
  final long bytes;
  final long intervalNanos;

  FlushPolicy(int records, long bytes, long intervalNanos) {
    this.records = records;
    this.bytes = bytes;
    this.intervalNanos = intervalNanos;
  }
}
