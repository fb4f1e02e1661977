import java.util.Map;

/** Exchanges and bindings. */
final class Routing {
  static void define() {
    Session.scenario("exchange-direct", s -> {
      String x = s.exchange("direct");
      String q = s.queue();
      bind(s, q, x, "red", "green");
      for (String key : new String[] {"green", "blue", "red"}) {
        s.send(x, key, key);
      }
      s.holds(q, "green", "red");
    });

    Session.scenario("exchange-fanout", s -> {
      String x = s.exchange("fanout");
      String one = s.queue();
      String two = s.queue();
      bind(s, one, x, "");
      bind(s, two, x, "");
      s.send(x, "any", "all");
      s.holds(one, "all");
      s.holds(two, "all");
    });

    Session.scenario("exchange-topic", s -> {
      String x = s.exchange("topic");
      String q = s.queue();
      bind(s, q, x, "a.*.c", "x.#");
      for (String key : new String[] {"a.b.c", "a.b.b.c", "x", "x.y.z", "y.x"}) {
        s.send(x, key, key);
      }
      s.holds(q, "a.b.c", "x", "x.y.z");
    });

    Session.scenario("exchange-headers", s -> {
      String x = s.exchange("headers");
      String every = s.queue();
      String some = s.queue();
      s.channel.queueBind(every, x, "", Session.table("x-match", "all", "a", 1, "b", "x"));
      s.channel.queueBind(some, x, "", Session.table("x-match", "any", "a", 1, "b", "x"));
      sendWith(s, x, "1", Session.table("a", 1, "b", "x"));
      sendWith(s, x, "2", Session.table("a", 1));
      sendWith(s, x, "3", Session.table("c", 1));
      s.holds(every, "1");
      s.holds(some, "1", "2");
    });

    Session.scenario("exchange-binding", s -> {
      String source = s.exchange("direct");
      String target = Harness.fresh("x");
      String q = s.queue();
      s.channel.exchangeDeclare(target, "fanout");
      s.channel.exchangeBind(target, source, "key");
      bind(s, q, target, "");
      bind(s, q, source, "other");
      s.send(source, "key", "first");
      s.channel.exchangeUnbind(target, source, "key");
      s.send(source, "key", "second");
      s.holds(q, "first");
      s.channel.exchangeDelete(target);
    });

    Session.scenario("alternate-exchange", s -> {
      String other = s.exchange("fanout");
      String q = s.queue();
      bind(s, q, other, "");
      String x = s.exchange("direct", "alternate-exchange", other);
      s.send(x, "nowhere", "lost");
      s.holds(q, "lost");
      s.channel.exchangeDelete(x);
    });

    Session.scenario("unbind", s -> {
      String q = s.queue();
      bind(s, q, "amq.direct", q);
      s.send("amq.direct", q, "1");
      s.channel.queueUnbind(q, "amq.direct", q);
      s.channel.queueUnbind(q, "amq.direct", q);
      s.send("amq.direct", q, "2");
      s.holds(q, "1");
    });
  }

  private static void bind(Session s, String q, String x, String... keys) throws Exception {
    for (String key : keys) {
      s.channel.queueBind(q, x, key);
    }
  }

  private static void sendWith(Session s, String x, String body, Map<String, Object> headers)
      throws Exception {
    s.send(x, "", body, Session.properties().headers(headers));
  }

  private Routing() {}
}
