package dev.pinflow.connect;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;

/** A bucket in memory, whose answers a test can replace by faults. */
class MemoryStore implements ObjectStore {
  static final class Stored {
    final byte[] body;
    final Map<String, String> metadata;

    Stored(byte[] body, Map<String, String> metadata) {
      this.body = body;
      this.metadata = metadata;
    }

    List<String> lines() {
      try (GZIPInputStream gzip = new GZIPInputStream(new ByteArrayInputStream(body))) {
        return new ArrayList<>(List.of(new String(gzip.readAllBytes(), StandardCharsets.UTF_8).split("\n")));
      } catch (IOException damaged) {
        throw new UncheckedIOException(damaged);
      }
    }
  }

  final Map<String, Stored> objects = new TreeMap<>();
  int refused;

  @Override
  public boolean create(String key, byte[] body, Map<String, String> metadata) {
    return around(() -> {
      boolean created = objects.putIfAbsent(key, new Stored(body, metadata)) == null;
      if (!created) refused++;
      return created;
    });
  }

  @Override
  public Optional<Map<String, String>> metadata(String key) {
    return around(() -> Optional.ofNullable(objects.get(key)).map(stored -> stored.metadata));
  }

  /** Every operation goes through it. */
  <T> T around(Supplier<T> operation) {
    return operation.get();
  }

  @Override
  public void close() {}
}
