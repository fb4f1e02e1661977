import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.springframework.amqp.core.Binding;
import org.springframework.amqp.core.BindingBuilder;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.TopicExchange;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory.ConfirmType;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.transaction.RabbitTransactionManager;
import org.springframework.amqp.support.converter.Jackson2JsonMessageConverter;
import org.springframework.transaction.support.TransactionTemplate;

/** What templates and the admin do. */
final class Templates {
  static void define() {
    Setup.scenario("listener-admin", Templates::admin);
    Setup.scenario("listener-returns", ConfirmType.CORRELATED, Harness.URI, Templates::returns);

    Setup.scenario("listener-json", setup -> {
      String queue = setup.queue();
      RabbitTemplate json = new RabbitTemplate(setup.factory);
      json.setMessageConverter(new Jackson2JsonMessageConverter());
      json.setReceiveTimeout(5_000);
      Map<String, Object> sent = Map.of("name", "hare", "legs", 4, "ears", Map.of("long", true));
      json.convertAndSend(queue, sent);
      Message message = json.receive(queue);
      Harness.equal(message.getMessageProperties().getContentType(), "application/json", "type");
      Harness.equal(json.getMessageConverter().fromMessage(message), sent, "object");
    });

    Setup.scenario("listener-transaction", setup -> {
      String queue = setup.queue();
      setup.template.setChannelTransacted(true);
      TransactionTemplate transaction =
          new TransactionTemplate(new RabbitTransactionManager(setup.factory));
      transaction.executeWithoutResult(status -> {
        setup.send(queue, "undone");
        status.setRollbackOnly();
      });
      transaction.executeWithoutResult(status -> setup.send(queue, "done"));
      Harness.equal(setup.template.receiveAndConvert(queue), "done", "message");
      Harness.equal(setup.admin.getQueueInfo(queue).getMessageCount(), 0, "messages left");
    });
  }

  private static void admin(Setup setup) throws Exception {
    Queue queue = new Queue(Harness.fresh("q"), true);
    TopicExchange exchange = new TopicExchange(Harness.fresh("x"));
    Binding binding = BindingBuilder.bind(queue).to(exchange).with("a.#");
    setup.admin.declareQueue(queue);
    setup.admin.declareExchange(exchange);
    setup.admin.declareBinding(binding);
    for (String key : new String[] {"a", "a.b", "b"}) {
      setup.template.convertAndSend(exchange.getName(), key, key);
    }
    setup.ready(queue.getName(), 2);
    setup.admin.removeBinding(binding);
    setup.template.convertAndSend(exchange.getName(), "a", "late");
    Harness.equal(setup.admin.purgeQueue(queue.getName()), 2, "purged");
    Harness.equal(setup.admin.deleteExchange(exchange.getName()), true, "deleted");
    Harness.equal(setup.admin.deleteQueue(queue.getName()), true, "deleted");
    Harness.equal(setup.admin.getQueueInfo(queue.getName()), null, "info");
  }

  private static void returns(Setup setup) throws Exception {
    String queue = setup.queue();
    setup.template.setMandatory(true);
    CorrelationData lost = new CorrelationData("lost");
    CorrelationData kept = new CorrelationData("kept");
    setup.template.convertAndSend("", Harness.fresh("q"), (Object) "lost", lost);
    setup.template.convertAndSend("", queue, (Object) "kept", kept);
    for (CorrelationData data : new CorrelationData[] {lost, kept}) {
      Harness.equal(data.getFuture().get(5, TimeUnit.SECONDS).isAck(), true, data.getId());
    }
    Harness.equal(lost.getReturned().getReplyCode(), 312, "reply code");
    Harness.equal(new String(lost.getReturned().getMessage().getBody()), "lost", "returned");
    Harness.equal(kept.getReturned(), null, "returned");
  }

  private Templates() {}
}
