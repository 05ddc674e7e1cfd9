import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** `BareConsumer settings.properties topic records`: reads a topic from its start and prints the ms and the ms of processor. */
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
      while (records < wanted) {
        records += consumer.poll(Duration.ofSeconds(1)).count();
      }
      System.out.println((System.nanoTime() - began) / 1_000_000 + " " + cpu().minus(cpu).toMillis());
    }
  }

  private static Duration cpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  private BareConsumer() {}
}
