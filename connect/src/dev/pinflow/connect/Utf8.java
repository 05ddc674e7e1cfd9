package dev.pinflow.connect;

/** Well-formed UTF-8: table 3-7 of the Unicode standard. */
final class Utf8 {
  private Utf8() {}

  static boolean isValid(byte[] bytes) {
    int at = 0;
    while (at < bytes.length) {
      int length = bytes[at] >= 0 ? 1 : sequence(bytes, at);
      if (length == 0) return false;
      at += length;
    }
    return true;
  }

  /** How many bytes the sequence has whose first byte, 0x80 or greater, is at a place: 2 to 4, or 0 when it is none. */
  static int sequence(byte[] bytes, int at) {
    int first = bytes[at] & 0xff;
    if (first < 0xc2 || first > 0xf4) return 0;
    int length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (at + length > bytes.length) return 0;
    int second = bytes[at + 1] & 0xff;
    int least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    int greatest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > greatest) return 0;
    for (int index = 2; index < length; index++) {
      if ((bytes[at + index] & 0xc0) != 0x80) return 0;
    }
    return length;
  }
}
