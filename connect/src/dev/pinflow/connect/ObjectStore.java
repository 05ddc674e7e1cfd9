package dev.pinflow.connect;

import java.util.Map;
import java.util.Optional;

/** A bucket. Its methods are called by several threads, and throw RetriableException for faults that may pass. */
interface ObjectStore extends AutoCloseable {
  /**
   * Creates an object unless there is one.
   *
   * @return whether it was created
   */
  boolean create(String key, byte[] body, Map<String, String> metadata);

  /** The metadata of an object, if there is one. */
  Optional<Map<String, String>> metadata(String key);

  @Override
  void close();
}
