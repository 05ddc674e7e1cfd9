package dev.pinflow.connect;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;

/**
 * One link of the chain: lines that become an object if none begins with the first of them. Whoever created the object,
 * its metadata says where the next one begins.
 */
final class Segment {
  static final String LAST_OFFSET = "last-offset";
  static final String RECORDS = "records";

  private final String key;
  private final long first;
  private final long last;
  private final int records;
  private final LineText.Part text;

  /**
   * @param first offset
   * @param last offset, of the same date
   */
  Segment(String key, long first, long last, int records, LineText.Part text) {
    this.key = key;
    this.first = first;
    this.last = last;
    this.records = records;
    this.text = text;
  }

  /**
   * @return the last offset of the object that begins with the first line, by whomever it was created
   * @throws RetriableException when it is not known whether there is one
   */
  long land(ObjectStore store, int gzipLevel) {
    Map<String, String> metadata = Map.of(LAST_OFFSET, Long.toString(last), RECORDS, Integer.toString(records));
    if (store.create(key, zipped(gzipLevel), metadata)) return last;
    return lastOffset(store).orElseThrow(
        () -> new RetriableException(key + " was there when it was to be created, and is not there now"));
  }

  /** The last offset of the object that begins with the first line, if there is one. */
  Optional<Long> lastOffset(ObjectStore store) {
    return store.metadata(key).map(metadata -> {
      String end = metadata.get(LAST_OFFSET);
      try {
        if (Long.parseLong(end) >= first) return Long.valueOf(end);
      } catch (NumberFormatException absent) {
        // Told below.
      }
      throw new ConnectException(key + " does not say where it ends (metadata " + LAST_OFFSET + ": " + end + "): "
          + "it was not written by this connector. Move it elsewhere and restart the task.");
    });
  }

  private byte[] zipped(int level) {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new Gzip(zipped, level)) {
      text.writeTo(gzip);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return zipped.toByteArray();
  }

  private static final class Gzip extends GZIPOutputStream {
    Gzip(ByteArrayOutputStream out, int level) throws IOException {
      super(out, 1 << 16);
      def.setLevel(level);
    }
  }
}
