import static java.util.concurrent.TimeUnit.SECONDS;

import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Recoverable;
import com.rabbitmq.client.RecoveryListener;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/** Connections and channels. */
final class Connections {
  static void define() {
    Session.scenario("connect", s -> {
      Harness.equal(s.connection.getServerProperties().get("product").toString(), "RabbitMQ",
          "product");
      Harness.contains(s.connection.getServerProperties().get("version").toString(), "4.");
      s.channel.close();
    });

    Harness.scenario("connect-refused", () -> {
      String host = "@" + Harness.ADDRESS;
      try {
        Session.connect("amqp://" + Harness.USER + ":wrong" + host + "/%2F");
        throw new AssertionError("connected");
      } catch (AuthenticationFailureException failure) {
        Harness.contains(failure.getMessage(), "ACCESS_REFUSED - Login was refused");
      }
      try {
        Session.connect("amqp://" + Harness.LOGIN + host + "/no-such-vhost");
        throw new AssertionError("connected");
      } catch (IOException failure) {
        Session.check((ShutdownSignalException) failure.getCause(), 530,
            "NOT_ALLOWED - vhost no-such-vhost not found");
      }
    });

    Harness.scenario("connect-uri", () -> {
      String plain = "amqp://" + Harness.LOGIN + "@" + Harness.ADDRESS;
      for (String uri : new String[] {Harness.URI, Harness.URI + "?heartbeat=7", plain}) {
        try (Session s = new Session(Session.connect(uri))) {
          s.queue();
        }
      }
    });

    Harness.scenario("heartbeat", () -> {
      try (Session s = new Session(Session.connect(Harness.URI + "?heartbeat=1"))) {
        Thread.sleep(3_500);
        s.queue();
      }
    });

    Harness.scenario("reconnect", Connections::reconnect);

    Session.scenario("publish-missing", s -> {
      String name = Harness.fresh("x");
      s.refused(404, "NOT_FOUND - no exchange '" + name + "' in vhost '/'",
          own -> own.send(name, "key", "lost"));
    });

    Session.scenario("ack-unknown", s -> s.refused(406,
        "PRECONDITION_FAILED - unknown delivery tag 99", own -> own.channel.basicAck(99, false)));

    Session.scenario("access-refused", s -> {
      s.refused(403, "ACCESS_REFUSED - exchange name 'amq.mine'",
          own -> own.channel.exchangeDeclare("amq.mine", "direct"));
      String name = s.queue();
      s.refused(403, "ACCESS_REFUSED - operation not permitted",
          own -> own.channel.queueBind(name, "", "key"));
    });

    Session.scenario("bind-missing", s -> {
      String name = s.queue();
      String missing = Harness.fresh("x");
      s.refused(404, "NOT_FOUND - no exchange '" + missing + "' in vhost '/'",
          own -> own.channel.queueBind(name, missing, "key"));
    });
  }

  /** The library recovers the connection, an exclusive queue, its binding and its consumer. */
  private static void reconnect() throws Exception {
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
    String held = Harness.fresh("q");
    s.channel.queueDeclare(held, true, false, false, Session.NONE);
    s.send("", held, "held");
    s.hold(held, 1);
    String queue = s.queue();
    s.channel.queueBind(queue, "amq.direct", queue);
    Inbox inbox = new Inbox(s, queue, true, false, Session.NONE);
    Harness.cut();
    if (!recovered.await(20, SECONDS)) {
      throw new AssertionError("not recovered");
    }
    s.ready(held, 1);
    s.holds(held, "held!");
    s.channel.queueDelete(held);
    s.send("amq.direct", queue, "after");
    inbox.expect("after");
    connection.close();
  }

  private Connections() {}
}
