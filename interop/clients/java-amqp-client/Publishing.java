import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.LongString;
import com.rabbitmq.client.Return;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Messages in, and what the publisher hears. */
final class Publishing {
  private static final Date NOON = new Date(1_700_000_000_000L);

  static void define() {
    Session.scenario("properties", Publishing::properties);
    Session.scenario("headers", Publishing::headers);

    Session.scenario("bodies", s -> {
      byte[] all = new byte[16 * 1024 * 1024];
      for (int at = 0; at < all.length; at++) {
        all[at] = (byte) at;
      }
      String q = s.queue();
      for (int size : new int[] {0, 1, 131_064, 131_065, all.length}) {
        byte[] body = Arrays.copyOf(all, size);
        s.channel.basicPublish("", q, null, body);
        Harness.equal(Arrays.equals(s.next(q, true).getBody(), body), true, size + " bytes");
      }
    });

    Session.scenario("confirm", s -> {
      String q = s.queue();
      s.channel.confirmSelect();
      for (int number = 0; number < 200; number++) {
        s.send("", q, "" + number, Session.properties().deliveryMode(2));
      }
      s.send("", Harness.fresh("q"), "lost");
      s.channel.waitForConfirmsOrDie(5_000);
      s.ready(q, 200);
    });

    Session.scenario("confirm-nack", s -> {
      String q = s.queue("x-max-length", 1, "x-overflow", "reject-publish");
      for (int number = 0; number < 3; number++) {
        if (!s.confirmed("", q, "" + number, Session.properties())) {
          return;
        }
      }
      throw new AssertionError("no nack");
    });

    Session.scenario("mandatory", s -> {
      BlockingQueue<String> told = new LinkedBlockingQueue<>();
      s.channel.confirmSelect();
      s.channel.addReturnListener((Return back) -> told.add(back.getReplyCode() + " "
          + back.getReplyText() + " " + Session.text(back.getBody()) + " "
          + back.getProperties().getMessageId()));
      s.channel.addConfirmListener((tag, more) -> told.add("ack"), (tag, more) -> told.add("nack"));
      BasicProperties sent = Session.properties().messageId("m").build();
      s.channel.basicPublish("", Harness.fresh("q"), true, sent, "lost".getBytes());
      Harness.equal(told.poll(5, TimeUnit.SECONDS), "312 NO_ROUTE lost m", "first");
      Harness.equal(told.poll(5, TimeUnit.SECONDS), "ack", "second");
    });

    Session.scenario("tx", s -> {
      String q = s.queue();
      s.channel.txSelect();
      s.send("", q, "undone");
      s.channel.txRollback();
      s.send("", q, "done");
      s.ready(q, 0);
      s.channel.txCommit();
      s.holds(q, "done");
    });

    Session.scenario("rpc", s -> {
      String direct = "amq.rabbitmq.reply-to";
      String q = s.queue();
      Inbox answers = new Inbox(s, direct, true, false, Session.NONE);
      s.send("", q, "20", Session.properties().replyTo(direct).correlationId("call-1"));
      GetResponse request = s.next(q, true);
      String name = request.getProps().getReplyTo();
      Harness.equal(name.startsWith(direct + "."), true, name);
      int number = Integer.parseInt(Session.text(request.getBody()));
      s.send("", name, "" + (number + 1),
          Session.properties().correlationId(request.getProps().getCorrelationId()));
      answers.expect("21");
      Harness.equal(answers.got.get(0).getProperties().getCorrelationId(), "call-1", "call");
    });
  }

  private static void properties(Session s) throws Exception {
    String q = s.queue();
    s.channel.queueBind(q, "amq.topic", q);
    BasicProperties sent = Session.properties().contentType("text/plain")
        .contentEncoding("utf-8").headers(Session.table("k", "v")).deliveryMode(2).priority(7)
        .correlationId("c-1").replyTo("answers").expiration("60000").messageId("m-1")
        .timestamp(NOON).type("kind").userId(Harness.USER).appId("app").clusterId("cluster")
        .build();
    s.channel.basicPublish("amq.topic", q, sent, "body".getBytes());
    GetResponse got = s.next(q, true);
    BasicProperties received =
        got.getProps().builder().headers(plain(got.getProps().getHeaders())).build();
    Harness.equal(received, sent, "properties");
    Harness.equal(got.getEnvelope().getExchange(), "amq.topic", "exchange");
    Harness.equal(got.getEnvelope().getRoutingKey(), q, "key");
  }

  private static void headers(Session s) throws Exception {
    Map<String, Object> sent = Session.table("text", "grüße", "yes", true, "no", false, "byte",
        (byte) -5, "short", (short) -300, "int", -70_000, "long", 1L << 40, "float", 1.5f,
        "double", 2.25, "when", NOON, "none", null, "decimal", new BigDecimal("3.14"),
        "list", Arrays.asList(1, "two", Session.table("three", 3)), "empty", Session.table(),
        "table", Session.table("inner", Session.table("deep", Arrays.asList(true, null))));
    String q = s.queue();
    s.send("", q, "body", Session.properties().headers(Session.table("bytes", new byte[] {0, -1})));
    byte[] bytes = (byte[]) s.next(q, true).getProps().getHeaders().get("bytes");
    Harness.equal(Arrays.equals(bytes, new byte[] {0, -1}), true, "bytes");
    s.send("", q, "body", Session.properties().headers(sent));
    Harness.equal(plain(s.next(q, true).getProps().getHeaders()), new TreeMap<>(sent), "headers");
  }

  /** With strings in place of the library's long strings, deeply. */
  private static Map<String, Object> plain(Map<String, Object> table) {
    Map<String, Object> plain = new TreeMap<>();
    table.forEach((key, value) -> plain.put(key, plain(value)));
    return plain;
  }

  @SuppressWarnings("unchecked")
  private static Object plain(Object value) {
    if (value instanceof LongString) {
      return value.toString();
    }
    if (value instanceof Map) {
      return plain((Map<String, Object>) value);
    }
    if (value instanceof List<?> list) {
      return list.stream().map(Publishing::plain).collect(Collectors.toList());
    }
    return value;
  }

  private Publishing() {}
}
