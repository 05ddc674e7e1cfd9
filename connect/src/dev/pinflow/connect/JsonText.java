package dev.pinflow.connect;

/** Finds out whether bytes are one JSON text in UTF-8 (RFC 8259), in one pass and without building values. */
final class JsonText {
  /** JSON nested more deeply counts as none: readers of JSON in SQL engines give up on it. */
  static final int MAX_DEPTH = 256;

  /** Bytes of strings that are a character by themselves and end nothing. */
  private static final boolean[] IS_PLAIN = new boolean[256];

  static {
    for (int each = 0x20; each < 0x80; each++) IS_PLAIN[each] = each != '"' && each != '\\';
  }

  private final byte[] text;
  private int at;
  private int lineBreaks;

  private JsonText(byte[] text) {
    this.text = text;
  }

  /** The text without the line breaks between its tokens, or null when the bytes are no JSON. */
  static byte[] onOneLine(byte[] text) {
    JsonText json = new JsonText(text);
    if (!json.isValid()) return null;
    return json.lineBreaks == 0 ? text : withoutLineBreaks(text, json.lineBreaks);
  }

  /** Inside the texts of valid JSON there are none. */
  private static byte[] withoutLineBreaks(byte[] text, int lineBreaks) {
    byte[] kept = new byte[text.length - lineBreaks];
    int length = 0;
    for (byte each : text) {
      if (each != '\n' && each != '\r') kept[length++] = each;
    }
    return kept;
  }

  private boolean isValid() {
    boolean[] isObject = new boolean[MAX_DEPTH];
    int depth = 0;
    space();
    while (true) {
      int first = peek();
      if (first == '{' || first == '[') {
        if (depth == MAX_DEPTH) return false;
        boolean object = first == '{';
        isObject[depth++] = object;
        at++;
        space();
        if (peek() == (object ? '}' : ']')) {
          at++;
          depth--;
        } else {
          if (object && !name()) return false;
          continue;
        }
      } else if (!scalar(first)) {
        return false;
      }
      while (true) {
        space();
        if (depth == 0) return at == text.length;
        boolean object = isObject[depth - 1];
        int next = take();
        if (next == ',') {
          space();
          if (object && !name()) return false;
          break;
        }
        if (next != (object ? '}' : ']')) return false;
        depth--;
      }
    }
  }

  /** A name, its colon and the space around. */
  private boolean name() {
    if (!string()) return false;
    space();
    if (take() != ':') return false;
    space();
    return true;
  }

  private boolean scalar(int first) {
    switch (first) {
      case '"':
        return string();
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      case 'n':
        return literal("null");
      default:
        return number();
    }
  }

  private boolean literal(String word) {
    for (int index = 0; index < word.length(); index++) {
      if (take() != word.charAt(index)) return false;
    }
    return true;
  }

  private boolean number() {
    if (peek() == '-') at++;
    if (peek() == '0') at++;
    else if (!digits()) return false;
    if (peek() == '.') {
      at++;
      if (!digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      at++;
      if (peek() == '+' || peek() == '-') at++;
      return digits();
    }
    return true;
  }

  private boolean digits() {
    int start = at;
    while (peek() >= '0' && peek() <= '9') at++;
    return at > start;
  }

  private boolean string() {
    if (take() != '"') return false;
    while (true) {
      plain();
      int next = peek();
      if (next >= 0x80) {
        int length = Utf8.sequence(text, at);
        if (length == 0) return false;
        at += length;
        continue;
      }
      at++;
      if (next == '"') return true;
      if (next != '\\' || !escape()) return false;
    }
  }

  /** Passes over what stands for itself in ASCII: nearly all there is, so locals spare reading fields for each byte. */
  private void plain() {
    byte[] bytes = text;
    int next = at;
    while (next < bytes.length && IS_PLAIN[bytes[next] & 0xff]) next++;
    at = next;
  }

  private boolean escape() {
    int kind = take();
    if (kind != 'u') return kind >= 0 && "\"\\/bfnrt".indexOf(kind) >= 0;
    for (int digit = 0; digit < 4; digit++) {
      if (Character.digit(take(), 16) < 0) return false;
    }
    return true;
  }

  private void space() {
    while (true) {
      int next = peek();
      if (next == '\n' || next == '\r') lineBreaks++;
      else if (next != ' ' && next != '\t') return;
      at++;
    }
  }

  /** The next byte, or -1 at the end. */
  private int peek() {
    return at < text.length ? text[at] & 0xff : -1;
  }

  private int take() {
    int next = peek();
    at++;
    return next;
  }
}
