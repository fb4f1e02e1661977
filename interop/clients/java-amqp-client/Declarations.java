/** Queues and exchanges come and go. */
final class Declarations {
  static void define() {
    Session.scenario("declare", s -> {
      String q = Harness.fresh("q");
      for (int round = 0; round < 2; round++) {
        s.channel.queueDeclare(q, true, false, false, Session.NONE);
      }
      s.send("", q, "1", "2", "3");
      s.ready(q, 3);
      Harness.equal(s.channel.queuePurge(q).getMessageCount(), 3, "purged");
      for (int round = 0; round < 2; round++) {
        Harness.equal(s.channel.queueDelete(q).getMessageCount(), 0, "deleted");
      }
      String x = Harness.fresh("x");
      s.channel.exchangeDeclare(x, "direct", true);
      s.channel.exchangeDeclarePassive(x);
      s.channel.exchangeDelete(x);
      s.channel.exchangeDelete(x);
    });

    Session.scenario("declare-passive", s -> {
      String name = Harness.fresh("q");
      s.refused(404, "NOT_FOUND - no queue '" + name + "' in vhost '/'",
          own -> own.channel.queueDeclarePassive(name));
      s.refused(404, "NOT_FOUND - no exchange '" + name + "' in vhost '/'",
          own -> own.channel.exchangeDeclarePassive(name));
    });

    Session.scenario("declare-inequivalent", s -> {
      String q = s.queue();
      s.refused(406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '" + q
          + "' in vhost '/': received 'true' but current is 'false'",
          own -> own.channel.queueDeclare(q, false, true, true, Session.NONE));
      String x = s.exchange("direct");
      s.refused(406, "inequivalent arg 'type' for exchange '" + x + "'",
          own -> own.channel.exchangeDeclare(x, "fanout", false, true, Session.NONE));
      s.channel.exchangeDelete(x);
    });

    Session.scenario("declare-arguments", s -> {
      Object[][] wrong = {{"x-message-ttl", -1}, {"x-max-priority", 256}, {"x-expires", 0},
          {"x-overflow", "nonsense"}};
      for (Object[] pair : wrong) {
        s.refused(406, "PRECONDITION_FAILED - invalid arg '" + pair[0] + "'",
            own -> own.queue(pair));
      }
    });

    Session.scenario("server-named", s -> {
      String name = s.channel.queueDeclare().getQueue();
      Harness.equal(name.startsWith("amq.gen-"), true, name);
      s.send("", name, "hello");
      s.holds(name, "hello");
    });

    Session.scenario("auto-delete", s -> {
      String q = Harness.fresh("q");
      s.channel.queueDeclare(q, true, false, true, Session.NONE);
      s.channel.basicCancel(new Inbox(s, q).tag);
      s.refused(404, q, own -> own.channel.queueDeclarePassive(q));
    });

    Session.scenario("delete-conditions", s -> {
      String q = s.queue();
      s.send("", q, "1");
      s.ready(q, 1);
      s.refused(406, "not empty", own -> own.channel.queueDelete(q, false, true));
      new Inbox(s, q);
      s.refused(406, "in use", own -> own.channel.queueDelete(q, true, false));
      s.channel.queueDeclarePassive(q);
    });

    Session.scenario("exclusive-queue", other -> {
      String q;
      try (Session s = Session.open()) {
        q = s.queue();
        other.refused(405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + q,
            own -> own.channel.queueDeclarePassive(q));
      }
      other.refused(404, q, own -> own.channel.queueDeclarePassive(q));
    });

    Session.scenario("queue-expires", s -> {
      String q = s.queue("x-expires", 300);
      Thread.sleep(1_000); // a passive declare would renew the lease
      s.refused(404, q, own -> own.channel.queueDeclarePassive(q));
    });
  }

  private Declarations() {}
}
