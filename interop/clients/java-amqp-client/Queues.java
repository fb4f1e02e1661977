import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What queues do by their arguments. */
final class Queues {
  static void define() {
    Session.scenario("priority", s -> {
      String q = s.queue("x-max-priority", 5);
      for (int priority : new int[] {1, 9, 0, 5, 3}) {
        s.send("", q, "" + priority, Session.properties().priority(priority));
      }
      s.holds(q, "9", "5", "3", "1", "0");
    });

    Session.scenario("ttl-message", s -> {
      String q = s.queue();
      s.send("", q, "short", Session.properties().expiration("200"));
      s.ready(q, 1);
      s.ready(q, 0);
    });

    Session.scenario("ttl-queue", s -> {
      String q = s.queue("x-message-ttl", 200);
      s.send("", q, "short");
      s.ready(q, 1);
      s.ready(q, 0);
    });

    Session.scenario("dead-letter", s -> {
      String third = s.queue();
      String second =
          s.queue("x-dead-letter-exchange", "", "x-dead-letter-routing-key", third);
      String first = s.queue("x-dead-letter-exchange", "", "x-dead-letter-routing-key", second,
          "x-message-ttl", 100);
      s.send("", first, "dead");
      Inbox inbox = new Inbox(s, second);
      inbox.expect("dead");
      s.channel.basicReject(inbox.tagOf(0), false);
      s.ready(third, 1);
      Map<String, Object> headers = s.next(third, true).getProps().getHeaders();
      Harness.equal(deaths(headers), List.of(second + " rejected 1", first + " expired 1"),
          "x-death");
      Harness.equal("" + headers.get("x-first-death-reason"), "expired", "reason");
      Harness.equal("" + headers.get("x-last-death-queue"), second, "queue");
    });

    Session.scenario("max-length", s -> {
      String dead = s.queue();
      String q = s.queue("x-dead-letter-exchange", "", "x-dead-letter-routing-key", dead,
          "x-max-length", 2);
      s.send("", q, "1", "2", "3");
      s.ready(dead, 1);
      GetResponse got = s.next(dead, true);
      Harness.equal(Session.text(got.getBody()), "1", "body");
      Harness.equal(deaths(got.getProps().getHeaders()), List.of(q + " maxlen 1"), "x-death");
      s.holds(q, "2", "3");
    });

    Session.scenario("quorum", s -> {
      String q = typed(s, "quorum");
      Harness.equal(s.confirmed("", q, "kept", Session.properties().deliveryMode(2)), true, "ack");
      s.channel.basicNack(s.hold(q, 1).get(0), false, true);
      s.ready(q, 1);
      GetResponse again = s.next(q, true);
      Harness.equal(again.getEnvelope().isRedeliver(), true, "redelivered");
      Harness.equal(again.getProps().getHeaders().get("x-acquired-count"), 1L, "count");
      s.channel.queueDelete(q);
    });

    Session.scenario("stream", s -> {
      String q = typed(s, "stream");
      for (String body : new String[] {"1", "2", "3"}) {
        Harness.equal(s.confirmed("", q, body, Session.properties()), true, "ack");
      }
      for (int round = 0; round < 2; round++) {
        Session own = new Session(s.connection);
        own.channel.basicQos(10);
        Inbox inbox =
            new Inbox(own, q, false, false, Session.table("x-stream-offset", "first"));
        inbox.expect("1", "2", "3");
        long offset = 0;
        for (Delivery delivery : inbox.got) {
          Harness.equal(delivery.getProperties().getHeaders().get("x-stream-offset"), offset++,
              "offset");
        }
        own.channel.close();
      }
      s.channel.queueDelete(q);
    });
  }

  /** Queue, reason and count of each entry of x-death. */
  private static List<String> deaths(Map<String, Object> headers) {
    List<String> shown = new ArrayList<>();
    for (Object entry : (List<?>) headers.get("x-death")) {
      Map<?, ?> death = (Map<?, ?>) entry;
      shown.add(death.get("queue") + " " + death.get("reason") + " " + death.get("count"));
    }
    return shown;
  }

  private static String typed(Session s, String kind) throws Exception {
    String name = Harness.fresh("q");
    s.channel.queueDeclare(name, true, false, false, Session.table("x-queue-type", kind));
    return name;
  }

  private Queues() {}
}
