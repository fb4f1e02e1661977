import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageListener;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.config.RetryInterceptorBuilder;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory.ConfirmType;
import org.springframework.amqp.rabbit.listener.DirectMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.adapter.MessageListenerAdapter;
import org.springframework.amqp.rabbit.retry.RejectAndDontRequeueRecoverer;

/** What listener containers do. */
final class Containers {
  static void define() {
    Setup.scenario("listener-container", Containers::everyMessageOnce);
    Setup.scenario("listener-direct", Containers::direct);
    Setup.scenario("listener-retry", Containers::retry);
    Setup.scenario("listener-cancelled", Containers::cancelled);

    Setup.scenario("listener-requeue", setup -> {
      String queue = setup.queue();
      List<Boolean> redelivered = new CopyOnWriteArrayList<>();
      setup.running(simple(queue, message -> {
        redelivered.add(message.getMessageProperties().isRedelivered());
        if (redelivered.size() == 1) {
          throw new IllegalStateException("not yet");
        }
      }), s -> {
        s.send(queue, "twice");
        Harness.waitFor("the second delivery", () -> redelivered.size() == 2);
        Harness.equal(redelivered, List.of(false, true), "redelivered");
      });
      setup.ready(queue, 0);
    });

    Setup.scenario("listener-rpc", setup -> {
      String queue = setup.queue();
      SimpleMessageListenerContainer container = simple(queue, null);
      container.setMessageListener(new MessageListenerAdapter(new Object() {
        @SuppressWarnings("unused")
        public String handleMessage(String number) {
          return "" + (Integer.parseInt(number) + 1);
        }
      }));
      setup.running(container, s -> {
        for (int call = 0; call < 20; call++) {
          Object answer = s.template.convertSendAndReceive(queue, "" + call);
          Harness.equal(answer, "" + (call + 1), "answer");
        }
      });
    });

    Setup.scenario("listener-reconnect", ConfirmType.NONE, Harness.RELAY_URI, setup -> {
      String queue = setup.queue();
      List<String> got = new CopyOnWriteArrayList<>();
      SimpleMessageListenerContainer container =
          simple(queue, message -> got.add(new String(message.getBody())));
      container.setRecoveryInterval(100);
      setup.running(container, s -> {
        s.send(queue, "before");
        Harness.waitFor("the first message", () -> got.size() == 1);
        Harness.cut();
        // What is sent before the loss is noticed is lost with the connection.
        Harness.waitFor("the message after the cut", () -> {
          try {
            s.send(queue, "after");
          } catch (org.springframework.amqp.AmqpException notYet) {
            return false;
          }
          return got.contains("after");
        });
      });
    });
  }

  static SimpleMessageListenerContainer simple(String queue, MessageListener listener) {
    SimpleMessageListenerContainer container = new SimpleMessageListenerContainer();
    container.setQueueNames(queue);
    if (listener != null) {
      container.setMessageListener(listener);
    }
    return container;
  }

  private static void everyMessageOnce(Setup setup) throws Exception {
    String queue = setup.queue();
    Map<String, Integer> seen = new ConcurrentHashMap<>();
    Set<String> consumers = ConcurrentHashMap.newKeySet();
    SimpleMessageListenerContainer container = simple(queue, message -> {
      seen.merge(new String(message.getBody()), 1, Integer::sum);
      consumers.add(message.getMessageProperties().getConsumerTag());
    });
    container.setConcurrentConsumers(3);
    container.setPrefetchCount(5);
    setup.running(container, s -> {
      for (int number = 0; number < 60; number++) {
        s.send(queue, "" + number);
      }
      Harness.waitFor("60 messages", () -> seen.size() == 60);
    });
    Harness.equal(seen.values().stream().allMatch(count -> count == 1), true, "once each");
    Harness.equal(consumers.size(), 3, "consumers");
    setup.ready(queue, 0);
  }

  private static void direct(Setup setup) throws Exception {
    String one = setup.queue();
    String two = setup.queue();
    List<String> got = new CopyOnWriteArrayList<>();
    DirectMessageListenerContainer container = new DirectMessageListenerContainer();
    container.setQueueNames(one);
    container.setMessageListener(message -> got.add(new String(message.getBody())));
    setup.running(container, s -> {
      container.addQueueNames(two);
      s.send(one, "1");
      s.send(two, "2");
      Harness.waitFor("both messages", () -> got.containsAll(List.of("1", "2")));
      container.removeQueueNames(one);
      s.send(one, "left");
      s.send(two, "3");
      Harness.waitFor("the third message", () -> got.contains("3"));
      Harness.equal(got.contains("left"), false, "consumed after the removal");
      s.ready(one, 1);
    });
  }

  private static void retry(Setup setup) throws Exception {
    String dead = setup.queue();
    String queue = setup.queue(new HashMap<>(
        Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", dead)));
    AtomicInteger attempts = new AtomicInteger();
    SimpleMessageListenerContainer container = simple(queue, message -> {
      attempts.incrementAndGet();
      throw new IllegalStateException("never");
    });
    container.setAdviceChain(RetryInterceptorBuilder.stateless().maxAttempts(3)
        .backOffOptions(10, 1, 10).recoverer(new RejectAndDontRequeueRecoverer()).build());
    setup.running(container, s -> {
      s.send(queue, "hopeless");
      Message message = s.template.receive(dead);
      Harness.equal(attempts.get(), 3, "attempts");
      Map<String, ?> death = message.getMessageProperties().getXDeathHeader().get(0);
      Harness.equal(death.get("reason") + " " + death.get("queue"), "rejected " + queue, "death");
      Harness.equal(death.get("count"), 1L, "count");
    });
  }

  private static void cancelled(Setup setup) throws Exception {
    String queue = setup.queue();
    List<String> got = new CopyOnWriteArrayList<>();
    SimpleMessageListenerContainer container =
        simple(queue, message -> got.add(new String(message.getBody())));
    container.setMissingQueuesFatal(false);
    container.setRecoveryInterval(100);
    container.setRetryDeclarationInterval(100);
    container.setFailedDeclarationRetryInterval(100);
    setup.running(container, s -> {
      s.send(queue, "before");
      Harness.waitFor("the first message", () -> got.size() == 1);
      s.admin.deleteQueue(queue);
      s.admin.declareQueue(new Queue(queue, true, false, true));
      s.send(queue, "after");
      Harness.waitFor("the second message", () -> got.size() == 2);
    });
    setup.admin.deleteQueue(queue);
  }

  private Containers() {}
}
