package dev.pinflow.connect;

import java.time.LocalDate;
import java.util.Locale;

/** Where the objects of a partition are. */
final class Place {
  static final long MS_PER_DAY = 86_400_000L;
  private static final long LATEST = 9_999_999_999_999L;

  private final String folder;
  private final String name;

  Place(String prefix, String feed, String topic, int partition) {
    folder = prefix + "/" + feed + "/dt=";
    name = topic + "+" + partition + "+";
  }

  /** The key of the object that begins with a record. It is made of that record alone. */
  String key(long firstOffset, long timestamp) {
    LocalDate date = LocalDate.ofEpochDay(timestamp / MS_PER_DAY);
    return folder + date + "/" + name + String.format(Locale.ROOT, "%020d", firstOffset) + ".jsonl.gz";
  }

  /** Epoch milliseconds; 0 for a record that has no time, or one that no key could hold. */
  static long timestampOf(Long given) {
    return given == null || given < 0 || given > LATEST ? 0 : given;
  }
}
