import java.net.URI;
import java.util.Map;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory.ConfirmType;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.AbstractMessageListenerContainer;

/** A connection factory, an admin and a template; what was declared goes when it is closed. */
final class Setup implements AutoCloseable {
  final CachingConnectionFactory factory;
  final RabbitAdmin admin;
  final RabbitTemplate template;

  /** What a scenario does with it. */
  interface Work {
    void with(Setup setup) throws Exception;
  }

  Setup(String uri, ConfirmType confirms) {
    factory = new CachingConnectionFactory(URI.create(uri));
    factory.setPublisherConfirmType(confirms);
    factory.setPublisherReturns(confirms == ConfirmType.CORRELATED);
    admin = new RabbitAdmin(factory);
    template = new RabbitTemplate(factory);
    template.setReplyTimeout(5_000);
    template.setReceiveTimeout(5_000);
  }

  static void scenario(String id, Work work) {
    scenario(id, ConfirmType.NONE, Harness.URI, work);
  }

  static void scenario(String id, ConfirmType confirms, String uri, Work work) {
    Harness.scenario(id, () -> {
      try (Setup setup = new Setup(uri, confirms)) {
        work.with(setup);
      }
    });
  }

  /** A durable queue with these arguments that goes when it has not been used for a while. */
  String queue(Map<String, Object> arguments) {
    Queue queue = new Queue(Harness.fresh("q"), true, false, false, arguments);
    queue.addArgument("x-expires", 60_000);
    return admin.declareQueue(queue);
  }

  String queue() {
    return queue(new java.util.HashMap<>());
  }

  void send(String queue, String body) {
    template.convertAndSend(queue, body);
  }

  /** The queue has that many messages, or will have them soon. */
  void ready(String queue, int count) throws Exception {
    Harness.waitFor(count + " messages",
        () -> admin.getQueueInfo(queue).getMessageCount() == count);
  }

  /** Runs a container while the work goes on. */
  void running(AbstractMessageListenerContainer container, Work work) throws Exception {
    container.setConnectionFactory(factory);
    container.setAmqpAdmin(admin);
    container.setShutdownTimeout(2_000);
    container.afterPropertiesSet();
    container.start();
    try {
      work.with(this);
    } finally {
      container.stop();
    }
  }

  @Override
  public void close() {
    factory.destroy();
  }
}
