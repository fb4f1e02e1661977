import java.util.Collections;
import java.util.List;

/** Messages out, and how they are settled. */
final class Consuming {
  static void define() {
    Session.scenario("consume", s -> {
      String q = s.queue();
      s.send("", q, "1", "2", "3");
      Inbox inbox = new Inbox(s, q);
      s.send("", q, "4", "5", "6");
      inbox.expect("1", "2", "3", "4", "5", "6");
      Harness.equal(inbox.redelivered(), Collections.nCopies(6, false), "redelivered");
      for (int number = 0; number < 6; number++) {
        Harness.equal(inbox.tagOf(number), number + 1L, "tag");
        s.channel.basicAck(number + 1L, false);
      }
      s.channel.basicCancel(inbox.tag);
      s.ready(q, 0);
    });

    Session.scenario("prefetch", s -> {
      String q = s.queue();
      s.send("", q, "0", "1", "2", "3", "4");
      s.channel.basicQos(2);
      Inbox inbox = new Inbox(s, q);
      inbox.expect("0", "1");
      s.channel.basicAck(inbox.tagOf(0), false);
      inbox.expect("0", "1", "2");
    });

    Session.scenario("cancel", s -> {
      String q = s.queue();
      s.send("", q, "held");
      Inbox inbox = new Inbox(s, q);
      inbox.expect("held");
      s.channel.basicCancel(inbox.tag);
      s.send("", q, "late");
      s.ready(q, 1);
      s.channel.basicAck(inbox.tagOf(0), false);
      s.holds(q, "late");
      inbox.expect("held");
    });

    Session.scenario("get", s -> {
      String q = s.queue();
      s.holds(q);
      s.send("", q, "1", "2");
      Harness.equal(s.next(q, false).getMessageCount(), 1, "messages left");
      Harness.equal(s.next(q, true).getMessageCount(), 0, "messages left");
    });

    Session.scenario("ack-multiple", s -> {
      String q = s.queue();
      s.send("", q, "0", "1", "2", "3", "4");
      s.ready(q, 5);
      Session own = new Session(s.connection);
      own.channel.basicAck(own.hold(q, 5).get(2), true);
      own.channel.close();
      s.ready(q, 2);
      s.holds(q, "3!", "4!");
    });

    Session.scenario("reject", s -> {
      String q = s.queue();
      s.send("", q, "1", "2");
      s.channel.basicReject(s.hold(q, 1).get(0), false);
      s.channel.basicReject(s.hold(q, 1).get(0), true);
      s.holds(q, "2!");
    });

    Session.scenario("nack", s -> {
      String q = s.queue();
      s.send("", q, "1", "2", "3");
      s.channel.basicNack(s.hold(q, 3).get(2), true, true);
      s.holds(q, "1!", "2!", "3!");
    });

    Session.scenario("requeue-order", s -> {
      String q = s.queue();
      s.send("", q, "1", "2", "3", "4");
      List<Long> tags = s.hold(q, 3);
      for (int at : new int[] {1, 2, 0}) {
        s.channel.basicNack(tags.get(at), false, true);
      }
      s.holds(q, "1!", "2!", "3!", "4");
    });

    Session.scenario("recover", s -> {
      String q = s.queue();
      s.send("", q, "1", "2");
      Inbox inbox = new Inbox(s, q);
      inbox.expect("1", "2");
      s.channel.basicRecover(true);
      inbox.expect("1", "2", "1", "2");
      Harness.equal(inbox.redelivered(), List.of(false, false, true, true), "redelivered");
    });

    Session.scenario("single-active", s -> {
      String q = s.queue("x-single-active-consumer", true);
      Inbox one = new Inbox(s, q, true, false, Session.NONE);
      Inbox two = new Inbox(s, q, true, false, Session.NONE);
      s.send("", q, "1");
      one.expect("1");
      s.channel.basicCancel(one.tag);
      s.send("", q, "2");
      two.expect("2");
    });

    Session.scenario("consumer-priority", s -> {
      String q = s.queue();
      Inbox low = new Inbox(s, q, false, false, Session.table("x-priority", 0));
      Inbox high = new Inbox(s, q, false, false, Session.table("x-priority", 10));
      s.send("", q, "1", "2", "3");
      high.expect("1", "2", "3");
      low.expect();
    });

    Session.scenario("exclusive-consumer", s -> {
      String q = s.queue();
      new Inbox(s, q, false, true, Session.NONE);
      s.refused(403, "ACCESS_REFUSED - queue '" + q + "' in vhost '/' in exclusive use",
          own -> new Inbox(own, q));
    });

    Session.scenario("server-cancel", s -> {
      String q = s.queue();
      Inbox inbox = new Inbox(s, q);
      s.connection.createChannel().queueDelete(q);
      Harness.waitFor("the cancel", () -> !inbox.cancelled.isEmpty());
      Harness.equal(inbox.cancelled, List.of(inbox.tag), "cancelled");
      s.queue();
    });
  }

  private Consuming() {}
}
