package dev.pinflow.connect;

import static dev.pinflow.connect.LineText.ascii;

import java.util.Base64;

/** The line of a record, with its line feed: connect/README.md says what it holds. */
final class RawLine {
  private static final byte[] HEX = ascii("0123456789abcdef");
  private static final byte[] TIMESTAMP = ascii("\",\"timestamp\":");
  private static final byte[] NO_KEY = ascii(",\"key\":null");
  private static final byte[] KEY = ascii(",\"key\":\"");
  private static final byte[] KEY_BASE64 = ascii(",\"keyBase64\":\"");
  private static final byte[] VALUE = ascii(",\"value\":");
  private static final byte[] VALUE_BASE64 = ascii(",\"valueBase64\":\"");
  private static final byte[] END = ascii("}\n");

  private final byte[] place;

  /** Names of topics need no escaping: letters, digits, `.`, `_` and `-`. */
  RawLine(String topic, int partition) {
    place = ascii("{\"source\":\"kafka\",\"topic\":\"" + topic + "\",\"partition\":\"" + partition + "\",\"offset\":\"");
  }

  /** Adds it to a text. A null key or value is one that the record does not have. */
  void addTo(LineText line, long offset, long timestamp, byte[] key, byte[] value) {
    line.add(place).addNumber(offset).add(TIMESTAMP).addNumber(timestamp);
    if (key == null) line.add(NO_KEY);
    else if (Utf8.isValid(key)) addText(line.add(KEY), key);
    else line.add(KEY_BASE64).add(Base64.getEncoder().encode(key)).add('"');
    if (value != null) addValue(line, value);
    line.add(END);
  }

  private static void addValue(LineText line, byte[] value) {
    byte[] json = JsonText.onOneLine(value);
    if (json != null) line.add(VALUE).add(json);
    else line.add(VALUE_BASE64).add(Base64.getEncoder().encode(value)).add('"');
  }

  /** As JSON.stringify of JavaScript escapes it, and the closing quote. */
  private static void addText(LineText line, byte[] text) {
    for (byte each : text) {
      if (each == '"' || each == '\\') line.add('\\').add(each);
      else if (each < 0 || each >= 0x20) line.add(each);
      else addControl(line, each);
    }
    line.add('"');
  }

  private static void addControl(LineText line, byte control) {
    int known = "\b\t\n\f\r".indexOf(control);
    line.add('\\');
    if (known >= 0) line.add("btnfr".charAt(known));
    else line.add('u').add('0').add('0').add(HEX[control >> 4]).add(HEX[control & 15]);
  }
}
