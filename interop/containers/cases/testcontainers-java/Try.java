import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.testcontainers.containers.RabbitMQContainer;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/** The RabbitMQ module of Testcontainers for Java, unchanged, with all that it declares. */
public class Try {
  private static final DockerImageName IMAGE = DockerImageName.parse("rabbitmq:4-management");

  public static void main(String[] arguments) throws Exception {
    declared();
    configured(arguments[0]);
  }

  private static void declared() throws Exception {
    long begun = System.nanoTime();
    try (RabbitMQContainer broker = new RabbitMQContainer(IMAGE)
        .withVhost("shop")
        .withUser("ann", "secret", Set.of("administrator"))
        .withPermission("shop", "ann", ".*", ".*", ".*")
        .withPluginsEnabled("rabbitmq_shovel", "rabbitmq_event_exchange")
        .withExchange("orders", "topic")
        .withExchange("shop", "bills", "direct", false, false, true, Map.of())
        .withQueue("jobs", false, true, Map.of("x-max-length", 10))
        .withQueue("shop", "billing", false, true, Map.of())
        .withBinding("orders", "jobs", Map.of(), "order.#", "queue")
        .withBinding("shop", "bills", "billing", Map.of(), "bill", "queue")
        .withPolicy("short", "^jobs$", Map.of("message-ttl", 60000), 1, "queues")
        .withOperatorPolicy("bound", "^jobs$", Map.of("max-length", 100), 1, "queues")
        .withVhostLimit("shop", "max-queues", 5)) {
      broker.start();
      System.out.printf("ready after %d ms with Java%n", (System.nanoTime() - begun) / 1_000_000);
      ConnectionFactory factory = new ConnectionFactory();
      factory.setUri(broker.getAmqpUrl());
      try (Connection connection = factory.newConnection();
          Channel channel = connection.createChannel()) {
        channel.confirmSelect();
        channel.basicPublish("orders", "order.new", true, null, "hello".getBytes());
        channel.waitForConfirmsOrDie(10_000);
        byte[] body = channel.basicGet("jobs", true).getBody();
        expect("hello", new String(body, StandardCharsets.UTF_8));
      }
      factory.setUsername("ann");
      factory.setPassword("secret");
      factory.setVirtualHost("shop");
      try (Connection connection = factory.newConnection();
          Channel channel = connection.createChannel()) {
        channel.exchangeDeclarePassive("bills");
        expect("0", String.valueOf(channel.queueDeclarePassive("billing").getMessageCount()));
      }
      said(broker, "jobs\tshort\tbound", "list_queues", "name", "policy", "operator_policy");
      said(broker, "max-queues", "list_vhost_limits", "-p", "shop");
      String plugins = broker.execInContainer("rabbitmq-plugins", "list", "-E", "-m").getStdout();
      expect("true", String.valueOf(plugins.contains("rabbitmq_shovel")));
    }
  }

  private static void configured(String file) throws Exception {
    try (RabbitMQContainer broker = new RabbitMQContainer(IMAGE)
        .withRabbitMQConfig(MountableFile.forHostPath(file))) {
      broker.start();
      ConnectionFactory factory = new ConnectionFactory();
      factory.setUri(broker.getAmqpUrl());
      try (Connection connection = factory.newConnection()) {
        expect("77", String.valueOf(connection.getChannelMax()));
      }
    }
  }

  private static void said(RabbitMQContainer broker, String expected, String... words)
      throws Exception {
    String[] line = new String[words.length + 2];
    line[0] = "rabbitmqctl";
    line[1] = "-q";
    System.arraycopy(words, 0, line, 2, words.length);
    String output = broker.execInContainer(line).getStdout();
    if (!output.contains(expected)) {
      throw new AssertionError(String.join(" ", words) + " says " + output);
    }
  }

  private static void expect(String expected, String found) {
    if (!expected.equals(found)) {
      throw new AssertionError(found + " instead of " + expected);
    }
  }
}
