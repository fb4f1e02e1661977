using System.Collections;

/// Exchanges and bindings.
static class Routing {
  public static void Define() {
    Session.Scenario("exchange-direct", s => {
      string exchange = s.Exchange("direct"), queue = s.Queue();
      s.Bind(queue, exchange, "red", "green");
      foreach (string key in new[] {"green", "blue", "red"}) {
        s.Send(exchange, key, key);
      }
      s.Holds(queue, "green", "red");
    });

    Session.Scenario("exchange-fanout", s => {
      string exchange = s.Exchange("fanout"), one = s.Queue(), two = s.Queue();
      s.Bind(one, exchange, "");
      s.Bind(two, exchange, "");
      s.Send(exchange, "any", "all");
      s.Holds(one, "all");
      s.Holds(two, "all");
    });

    Session.Scenario("exchange-topic", s => {
      string exchange = s.Exchange("topic"), queue = s.Queue();
      s.Bind(queue, exchange, "a.*.c", "x.#");
      foreach (string key in new[] {"a.b.c", "a.b.b.c", "x", "x.y.z", "y.x"}) {
        s.Send(exchange, key, key);
      }
      s.Holds(queue, "a.b.c", "x", "x.y.z");
    });

    Session.Scenario("exchange-headers", s => {
      string exchange = s.Exchange("headers"), every = s.Queue(), some = s.Queue();
      foreach (string queue in new[] {every, some}) {
        string match = queue == every ? "all" : "any";
        s.Channel.QueueBind(queue, exchange, "", false,
          Session.Table("x-match", match, "a", 1, "b", "x"));
      }
      Hashtable[] tables = {
        Session.Table("a", 1, "b", "x"), Session.Table("a", 1), Session.Table("c", 1),
      };
      for (int at = 0; at < tables.Length; at++) {
        s.SendWith(exchange, "", "" + (at + 1), properties => properties.Headers = tables[at]);
      }
      s.Holds(every, "1");
      s.Holds(some, "1", "2");
    });

    Session.Scenario("alternate-exchange", s => {
      string other = s.Exchange("fanout"), queue = s.Queue();
      s.Bind(queue, other, "");
      string exchange = s.Exchange("direct", "alternate-exchange", other);
      s.Send(exchange, "nowhere", "lost");
      s.Holds(queue, "lost");
      s.Channel.ExchangeDelete(exchange, false, false);
    });

    Session.Scenario("unbind", s => {
      string queue = s.Queue();
      s.Bind(queue, "amq.direct", queue);
      s.Send("amq.direct", queue, "1");
      for (int round = 0; round < 2; round++) {
        s.Channel.QueueUnbind(queue, "amq.direct", queue, null);
      }
      s.Send("amq.direct", queue, "2");
      s.Holds(queue, "1");
    });
  }
}
