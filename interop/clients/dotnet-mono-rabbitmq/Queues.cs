using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using RabbitMQ.Client;

/// What queues and consumers do by their arguments.
static class Queues {
  public static void Define() {
    Session.Scenario("priority", s => {
      string queue = s.Queue("x-max-priority", 5);
      foreach (byte priority in new byte[] {1, 9, 0, 5, 3}) {
        s.SendWith("", queue, "" + priority, properties => properties.Priority = priority);
      }
      s.Holds(queue, "9", "5", "3", "1", "0");
    });

    Session.Scenario("ttl-message", s => {
      string queue = s.Queue();
      s.SendWith("", queue, "short", properties => properties.Expiration = "200");
      Vanishes(s, queue);
    });

    Session.Scenario("ttl-queue", s => {
      string queue = s.Queue("x-message-ttl", 200);
      s.Send("", queue, "short");
      Vanishes(s, queue);
    });

    Session.Scenario("dead-letter", s => {
      string third = s.Queue();
      string second = s.Queue("x-dead-letter-exchange", "", "x-dead-letter-routing-key", third);
      string first = s.Queue("x-dead-letter-exchange", "", "x-dead-letter-routing-key", second,
        "x-message-ttl", 100);
      s.Send("", first, "dead");
      var inbox = new Inbox(s, second);
      inbox.Expect("dead");
      s.Channel.BasicReject(inbox.TagOf(0), false);
      IDictionary headers = s.Arrival(third).BasicProperties.Headers;
      Harness.Equal(Deaths(headers), second + " rejected 1, " + first + " expired 1", "x-death");
      Harness.Equal(Session.Text(headers["x-first-death-reason"]), "expired", "reason");
      Harness.Equal(Session.Text(headers["x-last-death-queue"]), second, "queue");
    });

    Session.Scenario("max-length", s => {
      string dead = s.Queue();
      string queue = s.Queue("x-dead-letter-exchange", "", "x-dead-letter-routing-key", dead,
        "x-max-length", 2);
      s.Send("", queue, "1", "2", "3");
      BasicGetResult got = s.Arrival(dead);
      Harness.Equal(Session.Text(got.Body), "1", "body");
      Harness.Equal(Deaths(got.BasicProperties.Headers), queue + " maxlen 1", "x-death");
      s.Holds(queue, "2", "3");
    });

    Session.Scenario("single-active", s => {
      string queue = s.Queue("x-single-active-consumer", true);
      var one = new Inbox(s, queue, noAck: true);
      var two = new Inbox(s, queue, noAck: true);
      s.Send("", queue, "1");
      one.Expect("1");
      s.Channel.BasicCancel(one.Tag);
      s.Send("", queue, "2");
      two.Expect("2");
    });

    Session.Scenario("consumer-priority", s => {
      string queue = s.Queue();
      var low = new Inbox(s, queue, arguments: Session.Table("x-priority", 0));
      var high = new Inbox(s, queue, arguments: Session.Table("x-priority", 10));
      s.Send("", queue, "1", "2", "3");
      high.Expect("1", "2", "3");
      low.Expect();
    });

    Session.Scenario("exclusive-consumer", s => {
      string queue = s.Queue();
      new Inbox(s, queue, exclusive: true);
      s.Refused(403, "ACCESS_REFUSED - queue '" + queue + "' in vhost '/' in exclusive use",
        own => new Inbox(own, queue));
    });

    // Transactions do not stand in for confirms here: neither kind of queue takes part in them.
    Session.Scenario("quorum", s => {
      string queue = Typed(s, "quorum");
      s.SendWith("", queue, "kept", properties => properties.SetPersistent(true));
      BasicGetResult got = null;
      Harness.WaitFor("the message", () => (got = s.Channel.BasicGet(queue, false)) != null);
      s.Channel.BasicReject(got.DeliveryTag, true);
      BasicGetResult again = s.Arrival(queue);
      Harness.Equal(again.Redelivered, true, "redelivered");
      Harness.Equal("" + again.BasicProperties.Headers["x-acquired-count"], "1", "count");
      s.Delete(queue);
    });

    Session.Scenario("stream", s => {
      string queue = Typed(s, "stream");
      s.Send("", queue, "1", "2", "3");
      for (int round = 0; round < 2; round++) {
        var own = new Session(s.Connection);
        own.Channel.BasicQos(0, 10, false);
        var inbox = new Inbox(own, queue, arguments: Session.Table("x-stream-offset", "first"));
        inbox.Expect("1", "2", "3");
        var offsets = inbox.Got.Select(got => got.BasicProperties.Headers["x-stream-offset"]);
        Harness.Equal(string.Join(" ", offsets), "0 1 2", "offsets");
        own.Channel.Close();
      }
      s.Delete(queue);
    });
  }

  /// The message is there at first. It does not tell how many messages a queue has, so this one
  /// is taken, and given back by closing the channel.
  static void Vanishes(Session s, string queue) {
    var own = new Session(s.Connection);
    own.Hold(queue, 1);
    own.Channel.Close();
    Thread.Sleep(300);
    s.Holds(queue);
  }

  /// Queue, reason and count of each entry of x-death.
  static string Deaths(IDictionary headers) {
    IEnumerable<string> shown = ((IList) headers["x-death"]).Cast<IDictionary>().Select(death =>
      Session.Text(death["queue"]) + " " + Session.Text(death["reason"]) + " " + death["count"]);
    return string.Join(", ", shown);
  }

  static string Typed(Session s, string kind) {
    string name = Harness.Fresh("q");
    return s.Declare(name, true, false, false, Session.Table("x-queue-type", kind));
  }
}
