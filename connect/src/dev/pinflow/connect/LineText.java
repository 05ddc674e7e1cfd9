package dev.pinflow.connect;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The text of lines one after the other: added at the end, dropped from the start. One thread changes it; a part that was
 * taken before may be written by another meanwhile.
 */
final class LineText {
  private static final int BLOCK = 1 << 16;
  private static final int MOST_DIGITS = 19;

  private final ArrayDeque<byte[]> blocks = new ArrayDeque<>();
  private final Deque<byte[]> spare;
  private final byte[] digits = new byte[MOST_DIGITS];
  /** Position of the first block, of which the text's bytes have theirs: a multiple of BLOCK. */
  private long start;
  private byte[] last;
  private int length = BLOCK;

  /** @param spare blocks to use again: what lives as long as these lines is dear to collect */
  LineText(Deque<byte[]> spare) {
    this.spare = spare;
  }

  /** Position after the last byte; the first byte that was ever added is at 0. */
  long end() {
    return start + (long) blocks.size() * BLOCK - (BLOCK - length);
  }

  LineText add(int one) {
    if (length == BLOCK) addBlock();
    last[length++] = (byte) one;
    return this;
  }

  LineText add(byte[] bytes) {
    int from = 0;
    while (from < bytes.length) {
      if (length == BLOCK) addBlock();
      int fitting = Math.min(bytes.length - from, BLOCK - length);
      System.arraycopy(bytes, from, last, length, fitting);
      length += fitting;
      from += fitting;
    }
    return this;
  }

  /** A number that is not negative, in decimals. */
  LineText addNumber(long number) {
    int first = MOST_DIGITS;
    do {
      digits[--first] = (byte) ('0' + number % 10);
      number /= 10;
    } while (number > 0);
    while (first < MOST_DIGITS) add(digits[first++]);
    return this;
  }

  /** The bytes from a position up to another one. */
  Part part(long from, long to) {
    return new Part(new ArrayList<>(blocks), from - start, to - start);
  }

  /** Forgets what is before a position. Nobody may be writing a part of it any more. */
  void dropUpTo(long position) {
    for (; start + BLOCK <= position && blocks.size() > 1; start += BLOCK) spare.addLast(blocks.removeFirst());
  }

  private void addBlock() {
    last = spare.isEmpty() ? new byte[BLOCK] : spare.removeLast();
    blocks.addLast(last);
    length = 0;
  }

  static final class Part {
    private final List<byte[]> blocks;
    private final long from;
    private final long to;

    private Part(List<byte[]> blocks, long from, long to) {
      this.blocks = blocks;
      this.from = from;
      this.to = to;
    }

    void writeTo(OutputStream out) throws IOException {
      long at = from;
      while (at < to) {
        int offset = (int) (at % BLOCK);
        int length = (int) Math.min(BLOCK - offset, to - at);
        out.write(blocks.get((int) (at / BLOCK)), offset, length);
        at += length;
      }
    }
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
