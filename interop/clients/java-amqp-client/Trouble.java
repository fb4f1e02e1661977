import static java.util.concurrent.TimeUnit.SECONDS;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.Recoverable;
import com.rabbitmq.client.RecoveryListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/** Brokers that stop, refuse or make wait. */
final class Trouble {
  private static final List<String> BODIES = List.of("1", "2", "3");

  static void define() {
    Harness.scenario("restart", () -> survive("restart", 1));
    Harness.scenario("kill", () -> survive("kill", 0));

    Session.scenario("permissions", s -> {
      String configured = Harness.fresh("no-configure");
      s.refused(403, refusal("configure", "queue", configured),
          own -> own.channel.queueDeclare(configured, false, true, false, Session.NONE));
      String written = Harness.fresh("no-write");
      s.channel.exchangeDeclare(written, "direct", false, true, Session.NONE);
      s.refused(403, refusal("write", "exchange", written),
          own -> own.send(written, "key", "lost"));
      String read = Harness.fresh("no-read");
      s.channel.queueDeclare(read, false, true, false, Session.NONE);
      s.refused(403, refusal("read", "queue", read), own -> own.channel.basicGet(read, true));
    });

    Session.scenario("blocked", s -> {
      String queue = s.queue();
      AtomicBoolean blocked = new AtomicBoolean();
      s.connection.addBlockedListener(reason -> blocked.set(true), () -> blocked.set(false));
      int[] sent = {0};
      Harness.control("block");
      Harness.waitFor("connection.blocked", () -> {
        s.send("", queue, "" + sent[0]++);
        Thread.sleep(50);
        return blocked.get();
      });
      Harness.control("unblock");
      Harness.waitFor("connection.unblocked", () -> !blocked.get());
      s.send("", queue, "" + sent[0]++);
      s.ready(queue, sent[0]);
    });
  }

  private static String refusal(String access, String what, String name) {
    return "ACCESS_REFUSED - " + access + " access to " + what + " '" + name
        + "' in vhost '/' refused for user '" + Harness.USER + "'";
  }

  /**
   * What is durable and confirmed outlives the broker; of three messages some are taken. The
   * library recovers the connection and a consumer of another queue.
   */
  private static void survive(String word, int taken) throws Exception {
    Connection connection = Session.connect(Harness.RELAY_URI);
    Session s = new Session(connection);
    CountDownLatch recovered = new CountDownLatch(1);
    ((Recoverable) connection).addRecoveryListener(new RecoveryListener() {
      @Override
      public void handleRecovery(Recoverable recoverable) {
        recovered.countDown();
      }

      @Override
      public void handleRecoveryStarted(Recoverable recoverable) {}
    });
    String queue = Harness.fresh("q");
    String exchange = Harness.fresh("x");
    s.channel.queueDeclare(queue, true, false, false, Session.NONE);
    s.channel.exchangeDeclare(exchange, "direct", true);
    s.channel.queueBind(queue, exchange, "key");
    String watched = s.queue();
    Inbox inbox = new Inbox(s, watched, true, false, Session.NONE);
    for (String body : BODIES) {
      confirmed(s, exchange, body, 2);
    }
    confirmed(s, exchange, "transient", 1);
    for (int count = 0; count < taken; count++) {
      s.next(queue, true);
    }
    s.hold(queue, 1);
    Harness.control(word);
    if (!recovered.await(20, SECONDS)) {
      throw new AssertionError("not recovered");
    }
    List<String> bodies = new ArrayList<>();
    for (GetResponse got; (got = s.channel.basicGet(queue, true)) != null; ) {
      bodies.add(Session.text(got.getBody()));
    }
    Harness.equal(bodies, BODIES.subList(taken, BODIES.size()), "messages");
    s.send(exchange, "key", "after");
    s.ready(queue, 1);
    s.holds(queue, "after");
    s.send("", watched, "seen");
    inbox.expect("seen");
    s.channel.queueDelete(queue);
    s.channel.exchangeDelete(exchange);
    connection.close();
  }

  private static void confirmed(Session s, String exchange, String body, int mode)
      throws Exception {
    boolean acked = s.confirmed(exchange, "key", body, Session.properties().deliveryMode(mode));
    Harness.equal(acked, true, "ack");
  }

  private Trouble() {}
}
