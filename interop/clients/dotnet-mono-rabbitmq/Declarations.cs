using System.Threading;

/// Queues and exchanges come and go.
static class Declarations {
  public static void Define() {
    Session.Scenario("declare", s => {
      string queue = Harness.Fresh("q");
      for (int round = 0; round < 2; round++) {
        s.Declare(queue, true, false, false);
      }
      s.Send("", queue, "1", "2", "3");
      s.Look(queue);
      // Its declare keeps the counts for itself.
      Harness.Equal(s.Channel.QueuePurge(queue, false), 3u, "purged");
      for (int round = 0; round < 2; round++) {
        Harness.Equal(s.Channel.QueueDelete(queue, false, false, false), 0u, "deleted");
      }
      string exchange = Harness.Fresh("x");
      s.DeclareExchange(exchange, "direct", true, false);
      for (int round = 0; round < 2; round++) {
        s.Channel.ExchangeDelete(exchange, false, false);
      }
    });

    Session.Scenario("declare-passive", s => {
      string name = Harness.Fresh("q");
      s.Refused(404, "NOT_FOUND - no queue '" + name + "' in vhost '/'", own => own.Look(name));
      s.Refused(404, "NOT_FOUND - no exchange '" + name + "' in vhost '/'",
        own => own.Channel.ExchangeDeclare(name, "direct", true, false, false, false, false, null));
    });

    Session.Scenario("declare-inequivalent", s => {
      string queue = s.Queue();
      s.Refused(406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '" + queue
        + "' in vhost '/': received 'true' but current is 'false'",
        own => own.Declare(queue, false, true, true));
      string exchange = s.Exchange("direct");
      s.Refused(406, "inequivalent arg 'type' for exchange '" + exchange + "'",
        own => own.DeclareExchange(exchange, "fanout", false, true));
      s.Channel.ExchangeDelete(exchange, false, false);
    });

    Session.Scenario("declare-arguments", s => {
      object[][] wrong = {
        new object[] {"x-message-ttl", -1}, new object[] {"x-max-priority", 256},
        new object[] {"x-expires", 0}, new object[] {"x-overflow", "nonsense"},
      };
      foreach (object[] pair in wrong) {
        s.Refused(406, "PRECONDITION_FAILED - invalid arg '" + pair[0] + "'",
          own => own.Queue(pair));
      }
    });

    Session.Scenario("server-named", s => {
      string name = s.Channel.QueueDeclare();
      Harness.Equal(name.StartsWith("amq.gen-"), true, name);
      s.Send("", name, "hello");
      s.Holds(name, "hello");
    });

    Session.Scenario("auto-delete", s => {
      string queue = Harness.Fresh("q");
      s.Declare(queue, true, false, true);
      s.Channel.BasicCancel(new Inbox(s, queue).Tag);
      s.Refused(404, queue, own => own.Look(queue));
    });

    Session.Scenario("delete-conditions", s => {
      string queue = s.Queue();
      s.Send("", queue, "1");
      s.Look(queue);
      s.Refused(406, "not empty", own => own.Channel.QueueDelete(queue, false, true, false));
      new Inbox(s, queue);
      s.Refused(406, "in use", own => own.Channel.QueueDelete(queue, true, false, false));
      s.Look(queue);
    });

    Session.Scenario("exclusive-queue", other => {
      string queue;
      using (var s = new Session(Session.Connect())) {
        queue = s.Queue();
        other.Refused(405,
          "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + queue,
          own => own.Look(queue));
      }
      other.Refused(404, queue, own => own.Look(queue));
    });

    Session.Scenario("queue-expires", s => {
      string queue = s.Queue("x-expires", 300);
      Thread.Sleep(1000); // a passive declare would renew the lease
      s.Refused(404, queue, own => own.Look(queue));
    });
  }
}
