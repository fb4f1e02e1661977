import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.Method;
import com.rabbitmq.client.ShutdownSignalException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A connection with one channel, and what scenarios do with them. */
final class Session implements AutoCloseable {
  static final Map<String, Object> NONE = Collections.emptyMap();

  final Connection connection;
  final Channel channel;

  Session(Connection connection) throws Exception {
    this.connection = connection;
    this.channel = connection.createChannel();
  }

  static Connection connect(String uri) throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setUri(uri);
    factory.setNetworkRecoveryInterval(100);
    return factory.newConnection();
  }

  static Session open() throws Exception {
    return new Session(connect(Harness.URI));
  }

  @Override
  public void close() throws Exception {
    connection.close();
  }

  /** What a scenario does with a channel. */
  interface Work {
    void on(Session session) throws Exception;
  }

  /** A scenario on a connection of its own. */
  static void scenario(String id, Work work) {
    Harness.scenario(id, () -> {
      try (Session session = open()) {
        work.on(session);
      }
    });
  }

  /** Expects the broker to close the channel that the work is given, and nothing else. */
  void refused(int code, String text, Work work) throws Exception {
    Session own = new Session(connection);
    ShutdownSignalException reason = null;
    try {
      work.on(own);
      Harness.waitFor("the close", () -> !own.channel.isOpen());
      reason = own.channel.getCloseReason();
    } catch (AlreadyClosedException failure) {
      reason = failure;
    } catch (java.io.IOException failure) {
      reason = (ShutdownSignalException) failure.getCause();
    }
    check(reason, code, text);
    connection.createChannel().close();
  }

  /** Expects code and text in a close by the broker. */
  static void check(ShutdownSignalException signal, int code, String text) {
    Method reason = signal.getReason();
    if (reason instanceof com.rabbitmq.client.AMQP.Channel.Close close) {
      Harness.equal(close.getReplyCode(), code, "reply code");
      Harness.contains(close.getReplyText(), text);
    } else if (reason instanceof com.rabbitmq.client.AMQP.Connection.Close close) {
      Harness.equal(close.getReplyCode(), code, "reply code");
      Harness.contains(close.getReplyText(), text);
    } else {
      throw new AssertionError("not closed by the broker", signal);
    }
  }

  /** An exclusive queue with these arguments: key, value, key, value… */
  String queue(Object... arguments) throws Exception {
    String name = Harness.fresh("q");
    return channel.queueDeclare(name, false, true, false, table(arguments)).getQueue();
  }

  String exchange(String kind, Object... arguments) throws Exception {
    String name = Harness.fresh("x");
    channel.exchangeDeclare(name, kind, false, true, table(arguments));
    return name;
  }

  static Map<String, Object> table(Object... pairs) {
    Map<String, Object> table = new java.util.HashMap<>();
    for (int at = 0; at < pairs.length; at += 2) {
      table.put((String) pairs[at], pairs[at + 1]);
    }
    return table;
  }

  static BasicProperties.Builder properties() {
    return new BasicProperties.Builder();
  }

  void send(String exchange, String key, String... bodies) throws Exception {
    for (String body : bodies) {
      send(exchange, key, body, properties());
    }
  }

  void send(String exchange, String key, String body, BasicProperties.Builder properties)
      throws Exception {
    channel.basicPublish(exchange, key, properties.build(), body.getBytes());
  }

  /** The next message; it must be there. */
  GetResponse next(String name, boolean autoAck) throws Exception {
    GetResponse got = channel.basicGet(name, autoAck);
    if (got == null) {
      throw new AssertionError(name + " is empty");
    }
    return got;
  }

  /** Takes messages without ack; gives their tags. */
  List<Long> hold(String name, int count) throws Exception {
    List<Long> tags = new ArrayList<>();
    while (tags.size() < count) {
      tags.add(next(name, false).getEnvelope().getDeliveryTag());
    }
    return tags;
  }

  /** Expects these messages, each a body with ! behind it if redelivered, and no more. */
  void holds(String name, String... expected) throws Exception {
    List<String> shown = new ArrayList<>();
    for (GetResponse got; (got = channel.basicGet(name, true)) != null; ) {
      shown.add(text(got.getBody()) + (got.getEnvelope().isRedeliver() ? "!" : ""));
    }
    Harness.equal(shown, Arrays.asList(expected), name);
  }

  /** The queue has that many messages, or will have them soon. */
  void ready(String name, int count) throws Exception {
    Harness.waitFor(count + " messages",
        () -> channel.queueDeclarePassive(name).getMessageCount() == count);
  }

  /** Whether the broker confirms a publish with an ack. */
  boolean confirmed(String exchange, String key, String body, BasicProperties.Builder properties)
      throws Exception {
    channel.confirmSelect();
    send(exchange, key, body, properties);
    try {
      return channel.waitForConfirms(TimeUnit.SECONDS.toMillis(5));
    } catch (TimeoutException late) {
      throw new AssertionError("no confirm", late);
    }
  }

  static String text(byte[] body) {
    return new String(body, StandardCharsets.UTF_8);
  }
}
