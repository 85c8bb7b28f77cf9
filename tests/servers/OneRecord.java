import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** `OneRecord ADDRESS TOPIC put|get [TEXT]`, by Kafka's own client: put makes the topic, get prints all. */
public final class OneRecord {
  public static void main(String[] a) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", a[0], "acks", "all");
    if (a[2].equals("put")) {
      try (Admin admin = Admin.create(settings)) {
        admin.createTopics(List.of(new NewTopic(a[1], Optional.of(1), Optional.empty()))).all().get();
      }
      var text = new StringSerializer();
      try (var producer = new KafkaProducer<String, String>(settings, text, text)) {
        producer.send(new ProducerRecord<>(a[1], a[3])).get();
      }
    } else {
      var text = new StringDeserializer();
      try (var consumer = new KafkaConsumer<String, String>(settings, text, text)) {
        TopicPartition partition = new TopicPartition(a[1], 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        long end = consumer.endOffsets(List.of(partition)).get(partition);
        while (consumer.position(partition) < end) {
          consumer.poll(Duration.ofSeconds(1)).forEach(record -> System.out.println(record.value()));
        }
      }
    }
  }
}
