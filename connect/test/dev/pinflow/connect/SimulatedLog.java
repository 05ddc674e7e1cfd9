package dev.pinflow.connect;

import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.sink.SinkRecord;

/** Partitions of one topic, with offsets that are missing, as after compaction, and times that pass midnights. */
final class SimulatedLog {
  private static final String TOPIC = "demo.pin";

  private final List<List<SinkRecord>> records = new ArrayList<>();

  SimulatedLog(Random random, int partitions) {
    for (int partition = 0; partition < partitions; partition++) {
      List<SinkRecord> made = new ArrayList<>();
      long offset = random.nextInt(3) == 0 ? random.nextInt(100) : 0;
      long timestamp = 1_767_182_400_000L;
      int count = 20 + random.nextInt(120);
      for (int index = 0; index < count; index++) {
        byte[] value = ("{\"index\":" + offset + "}").getBytes(StandardCharsets.UTF_8);
        made.add(new SinkRecord(TOPIC, partition, null, null, null, value, offset, timestamp, TimestampType.LOG_APPEND_TIME));
        offset += random.nextInt(5) == 0 ? 1 + random.nextInt(10) : 1;
        // Now and then a day, also back.
        timestamp += random.nextInt(15) == 0 ? 86_400_000L * (random.nextInt(3) - 1) : random.nextInt(1000);
      }
      records.add(made);
    }
  }

  List<TopicPartition> partitions() {
    return IntStream.range(0, records.size()).mapToObj(each -> new TopicPartition(TOPIC, each)).collect(Collectors.toList());
  }

  SinkRecord record(TopicPartition partition, int index) {
    return records.get(partition.partition()).get(index);
  }

  LocalDate date(TopicPartition partition, int index) {
    return LocalDate.ofEpochDay(record(partition, index).timestamp() / Place.MS_PER_DAY);
  }

  /** The offset after the last record. */
  long end(TopicPartition partition) {
    List<SinkRecord> all = records.get(partition.partition());
    return all.get(all.size() - 1).kafkaOffset() + 1;
  }

  List<SinkRecord> from(TopicPartition partition, long offset, int most) {
    return records.get(partition.partition()).stream().filter(each -> each.kafkaOffset() >= offset).limit(most)
        .collect(Collectors.toList());
  }

  List<String> lines(TopicPartition partition) {
    RawLine line = new RawLine(TOPIC, partition.partition());
    return records.get(partition.partition()).stream()
        .map(each -> Tests.text(line, each.kafkaOffset(), each.timestamp(), null, (byte[]) each.value()).trim())
        .collect(Collectors.toList());
  }
}
