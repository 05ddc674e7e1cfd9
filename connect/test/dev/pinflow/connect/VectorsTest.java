package dev.pinflow.connect;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;

/** test/vectors/raw-lines.json: what the archive function writes by the same cases. */
final class VectorsTest {
  private VectorsTest() {}

  static void run(Path file) throws Exception {
    JsonNode vectors = JsonNode.parser().parse(Files.readString(file));
    int[] seen = {0};
    for (JsonNode each : vectors.field("lines").orElseThrow().asArray()) {
      JsonNode record = each.field("record").orElseThrow();
      if (!text(record, "source").equals("kafka")) continue;
      Tests.test("line: " + text(each, "name"), () -> {
        Tests.equal(rawLine(record), text(each, "line") + "\n");
        seen[0]++;
      });
    }
    Tests.check(seen[0] > 70, "too few lines");
    for (JsonNode each : vectors.field("keys").orElseThrow().asArray()) {
      JsonNode record = each.field("record").orElseThrow();
      if (!text(record, "source").equals("kafka")) continue;
      Tests.test("key: " + text(each, "name"), () -> {
        Place place = new Place("raw", text(each, "feed"), text(record, "topic"), partition(record));
        Tests.equal(place.key(offset(record), timestamp(record)), text(each, "key"));
      });
    }
  }

  private static String rawLine(JsonNode record) {
    RawLine line = new RawLine(text(record, "topic"), partition(record));
    return Tests.text(line, offset(record), timestamp(record), bytes(record, "key"), bytes(record, "value"));
  }

  private static byte[] bytes(JsonNode record, String member) {
    JsonNode given = record.field(member).orElseThrow();
    if (given.isNull()) return null;
    return given.field("text").map(text -> text.asString().getBytes(StandardCharsets.UTF_8))
        .orElseGet(() -> Base64.getDecoder().decode(text(given, "base64")));
  }

  private static String text(JsonNode node, String member) {
    return node.field(member).orElseThrow().asString();
  }

  private static int partition(JsonNode record) {
    return Integer.parseInt(text(record, "partition"));
  }

  private static long offset(JsonNode record) {
    return Long.parseLong(text(record, "offset"));
  }

  private static long timestamp(JsonNode record) {
    return Long.parseLong(record.field("timestamp").orElseThrow().asNumber());
  }
}
