package dev.pinflow.connect;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;

/** Writes topics to S3 as they are, every record once: connect/README.md. */
public final class S3SinkConnector extends SinkConnector {
  static final String VERSION = "1.0.0";

  private Map<String, String> properties;

  @Override
  public String version() {
    return VERSION;
  }

  @Override
  public ConfigDef config() {
    return S3SinkConfig.DEFINITION;
  }

  @Override
  public Class<? extends Task> taskClass() {
    return S3SinkTask.class;
  }

  @Override
  public void start(Map<String, String> given) {
    properties = Map.copyOf(given);
    String topics = given.getOrDefault(TOPICS_CONFIG, "");
    new S3SinkConfig(given)
        .checkTopics(Stream.of(topics.split(",")).map(String::trim).filter(topic -> !topic.isEmpty())
            .collect(Collectors.toList()));
  }

  @Override
  public List<Map<String, String>> taskConfigs(int tasks) {
    List<Map<String, String>> configs = new ArrayList<>();
    for (int task = 0; task < tasks; task++) configs.add(properties);
    return configs;
  }

  @Override
  public void stop() {}
}
