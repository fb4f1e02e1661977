import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory.ConfirmType;
import org.springframework.amqp.rabbit.connection.Connection;
import org.springframework.amqp.rabbit.connection.ConnectionListener;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;

/** Brokers that stop or make wait. */
final class Trouble {
  static void define() {
    Setup.scenario("listener-restart", Trouble::restart);
    Setup.scenario("listener-kill", ConfirmType.CORRELATED, Harness.URI, Trouble::kill);
    Setup.scenario("listener-blocked", Trouble::blocked);
  }

  /** The first delivery is held until the broker has gone: it must come again. */
  private static void restart(Setup setup) throws Exception {
    String queue = setup.queue();
    List<String> got = new CopyOnWriteArrayList<>();
    AtomicBoolean stopped = new AtomicBoolean();
    SimpleMessageListenerContainer container = Containers.simple(queue, message -> {
      String again = message.getMessageProperties().isRedelivered() ? "!" : "";
      got.add(new String(message.getBody()) + again);
      while (!stopped.get()) {
        Thread.onSpinWait();
      }
    });
    container.setRecoveryInterval(100);
    setup.running(container, s -> {
      s.send(queue, "held");
      Harness.waitFor("the first delivery", () -> got.size() == 1);
      Harness.control("restart");
      stopped.set(true);
      Harness.waitFor("the second delivery", 20_000, () -> got.size() >= 2);
      sendUntilDone(s, queue, "after");
      Harness.waitFor("the new message", () -> got.contains("after"));
      Harness.equal(got.subList(0, 2), List.of("held", "held!"), "deliveries");
    });
  }

  private static void kill(Setup setup) throws Exception {
    String consumed = setup.queue();
    String kept = setup.queue();
    List<String> got = new CopyOnWriteArrayList<>();
    SimpleMessageListenerContainer container =
        Containers.simple(consumed, message -> got.add(new String(message.getBody())));
    container.setRecoveryInterval(100);
    setup.running(container, s -> {
      for (int number = 0; number < 10; number++) {
        CorrelationData correlation = new CorrelationData();
        s.template.convertAndSend("", kept, (Object) ("" + number), correlation);
        boolean acked = correlation.getFuture().get(5, java.util.concurrent.TimeUnit.SECONDS).isAck();
        Harness.equal(acked, true, "ack");
      }
      Harness.control("kill");
      sendUntilDone(s, consumed, "after");
      Harness.waitFor("the new message", 20_000, () -> got.contains("after"));
      for (int number = 0; number < 10; number++) {
        Harness.equal(s.template.receiveAndConvert(kept), "" + number, "message");
      }
    });
  }

  /** The factory's connection is broken until its next user notices. */
  private static void sendUntilDone(Setup setup, String queue, String body) throws Exception {
    Harness.waitFor("a connection", 20_000, () -> {
      try {
        setup.send(queue, body);
        return true;
      } catch (AmqpException notYet) {
        return false;
      }
    });
  }

  private static void blocked(Setup setup) throws Exception {
    AtomicBoolean blocked = new AtomicBoolean();
    setup.factory.addConnectionListener(new ConnectionListener() {
      @Override
      public void onCreate(Connection connection) {
        connection.addBlockedListener(new com.rabbitmq.client.BlockedListener() {
          @Override
          public void handleBlocked(String reason) {
            blocked.set(true);
          }

          @Override
          public void handleUnblocked() {
            blocked.set(false);
          }
        });
      }
    });
    String queue = setup.queue();
    int[] sent = {0};
    Harness.control("block");
    Harness.waitFor("connection.blocked", () -> {
      setup.send(queue, "" + sent[0]++);
      Thread.sleep(50);
      return blocked.get();
    });
    Harness.control("unblock");
    Harness.waitFor("connection.unblocked", () -> !blocked.get());
    setup.send(queue, "" + sent[0]++);
    setup.ready(queue, sent[0]);
  }

  private Trouble() {}
}
