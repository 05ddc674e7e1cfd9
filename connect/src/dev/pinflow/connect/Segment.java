package dev.pinflow.connect;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
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
  private final List<Line> lines;

  /** @param lines one or more, of one date */
  Segment(String key, List<Line> lines) {
    this.key = key;
    this.lines = List.copyOf(lines);
  }

  /**
   * @return the last offset of the object that begins with the first line, by whomever it was created
   * @throws RetriableException when it is not known whether there is one
   */
  long land(ObjectStore store, int gzipLevel) {
    long last = lines.get(lines.size() - 1).offset;
    Map<String, String> metadata = Map.of(LAST_OFFSET, Long.toString(last), RECORDS, Integer.toString(lines.size()));
    if (store.create(key, zipped(gzipLevel), metadata)) return last;
    return lastOffset(store).orElseThrow(
        () -> new RetriableException(key + " was there when it was to be created, and is not there now"));
  }

  /** The last offset of the object that begins with the first line, if there is one. */
  Optional<Long> lastOffset(ObjectStore store) {
    return store.metadata(key).map(metadata -> {
      String last = metadata.get(LAST_OFFSET);
      try {
        if (Long.parseLong(last) >= lines.get(0).offset) return Long.valueOf(last);
      } catch (NumberFormatException absent) {
        // Told below.
      }
      throw new ConnectException(key + " does not say where it ends (metadata " + LAST_OFFSET + ": " + last + "): "
          + "it was not written by this connector. Move it elsewhere and restart the task.");
    });
  }

  private byte[] zipped(int level) {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new Gzip(zipped, level)) {
      for (Line line : lines) gzip.write(line.text);
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
