package dev.pinflow.connect;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;

/** Runs all tests: `Tests <raw-lines.json> <schedules> <seed>`. Ends with the first that fails. */
public final class Tests {
  interface Body {
    void run() throws Exception;
  }

  private Tests() {}

  public static void main(String[] arguments) throws Exception {
    VectorsTest.run(Path.of(arguments[0]));
    TaskTest.run();
    ChainSimulation.run(Integer.parseInt(arguments[1]), Long.parseLong(arguments[2]));
    System.out.println("all passed on Java " + System.getProperty("java.version"));
  }

  static void test(String name, Body body) throws Exception {
    try {
      body.run();
    } catch (Exception | AssertionError failure) {
      throw new AssertionError("failed: " + name, failure);
    }
    System.out.println("ok " + name);
  }

  static void equal(Object found, Object expected) {
    if (!java.util.Objects.equals(found, expected)) throw new AssertionError("found " + found + ", not " + expected);
  }

  static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  /** What a line adds to a text. */
  static String text(RawLine line, long offset, long timestamp, byte[] key, byte[] value) {
    LineText text = new LineText(new ArrayDeque<>());
    line.addTo(text, offset, timestamp, key, value);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      text.part(0, text.end()).writeTo(bytes);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  static <E extends Exception> E thrown(Class<E> kind, Body body) {
    try {
      body.run();
    } catch (Exception failure) {
      if (kind.isInstance(failure)) return kind.cast(failure);
      throw new AssertionError("threw another: " + failure, failure);
    }
    throw new AssertionError("threw no " + kind.getSimpleName());
  }
}
