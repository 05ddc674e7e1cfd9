import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * `BareConsumer settings.properties topic records gzip|nothing`: reads a topic from its start, compresses the values as the
 * connector does or leaves them, and prints the ms and the ms of processor.
 */
public final class BareConsumer {
  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    try (Reader file = Files.newBufferedReader(Path.of(args[0]))) {
      settings.load(file);
    }
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes)) {
      var partitions =
          consumer.partitionsFor(args[1]).stream()
              .map(each -> new TopicPartition(each.topic(), each.partition()))
              .collect(Collectors.toList());
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long wanted = Long.parseLong(args[2]);
      long records = 0;
      Duration cpu = cpu();
      long began = System.nanoTime();
      try (OutputStream gzip = args[3].equals("gzip") ? new Gzip() : null) {
        while (records < wanted) {
          for (var record : consumer.poll(Duration.ofSeconds(1))) {
            records++;
            if (gzip != null) gzip.write(record.value());
          }
        }
      }
      System.out.println((System.nanoTime() - began) / 1_000_000 + " " + cpu().minus(cpu).toMillis());
    }
  }

  private static Duration cpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  private static final class Gzip extends GZIPOutputStream {
    Gzip() throws IOException {
      super(OutputStream.nullOutputStream(), 1 << 16);
      def.setLevel(1);
    }
  }

  private BareConsumer() {}
}
