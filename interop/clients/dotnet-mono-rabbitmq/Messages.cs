using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using RabbitMQ.Client;

/// Messages in and out, and how they are settled.
static class Messages {
  public static void Define() {
    Session.Scenario("bodies", s => {
      var all = new byte[16 * 1024 * 1024];
      for (int at = 0; at < all.Length; at++) {
        all[at] = (byte) at;
      }
      string queue = s.Queue();
      foreach (int size in new[] {0, 1, 131064, 131065, all.Length}) {
        byte[] body = all.Take(size).ToArray();
        s.Channel.BasicPublish("", queue, s.Channel.CreateBasicProperties(), body);
        Harness.Equal(s.Next(queue, true).Body.SequenceEqual(body), true, size + " bytes");
      }
    });

    Session.Scenario("properties", Properties);
    Session.Scenario("headers", Headers);

    Session.Scenario("mandatory", s => {
      var told = new List<string>();
      s.Channel.BasicReturn += (channel, back) => {
        lock (told) {
          told.Add(back.ReplyCode + " " + back.ReplyText + " " + Session.Text(back.Body) + " "
            + back.BasicProperties.MessageId);
        }
      };
      IBasicProperties properties = s.Channel.CreateBasicProperties();
      properties.MessageId = "m";
      // The ack behind it belongs to confirms, which it does not have.
      s.Channel.BasicPublish("", Harness.Fresh("q"), true, false, properties,
        System.Text.Encoding.UTF8.GetBytes("lost"));
      Harness.WaitFor("the return", () => { lock (told) { return told.Count > 0; } });
      Harness.Equal(told[0], "312 NO_ROUTE lost m", "return");
    });

    Session.Scenario("tx", s => {
      string queue = s.Queue();
      s.Channel.TxSelect();
      s.Send("", queue, "undone");
      s.Channel.TxRollback();
      s.Send("", queue, "done");
      s.Holds(queue);
      s.Channel.TxCommit();
      s.Holds(queue, "done");
    });

    Session.Scenario("rpc", s => {
      const string direct = "amq.rabbitmq.reply-to";
      string queue = s.Queue();
      var answers = new Inbox(s, direct, noAck: true);
      s.SendWith("", queue, "20", properties => {
        properties.ReplyTo = direct;
        properties.CorrelationId = "call-1";
      });
      BasicGetResult request = s.Next(queue, true);
      string name = request.BasicProperties.ReplyTo;
      Harness.Equal(name.StartsWith(direct + "."), true, name);
      int number = int.Parse(Session.Text(request.Body));
      s.SendWith("", name, "" + (number + 1),
        properties => properties.CorrelationId = request.BasicProperties.CorrelationId);
      answers.Expect("21");
      Harness.Equal(answers.Got[0].BasicProperties.CorrelationId, "call-1", "call");
    });

    Session.Scenario("get", s => {
      string queue = s.Queue();
      s.Holds(queue);
      s.Send("", queue, "1", "2");
      Harness.Equal(s.Next(queue, false).MessageCount, 1u, "messages left");
      Harness.Equal(s.Next(queue, true).MessageCount, 0u, "messages left");
    });

    Session.Scenario("consume", s => {
      string queue = s.Queue();
      s.Send("", queue, "1", "2", "3");
      var inbox = new Inbox(s, queue);
      s.Send("", queue, "4", "5", "6");
      inbox.Expect("1", "2", "3", "4", "5", "6");
      Harness.Equal(inbox.Redelivered.Contains("True"), false, "redelivered");
      for (ulong tag = 1; tag <= 6; tag++) {
        Harness.Equal(inbox.TagOf((int) tag - 1), tag, "tag");
        s.Channel.BasicAck(tag, false);
      }
      s.Channel.BasicCancel(inbox.Tag);
      s.Holds(queue);
    });

    Session.Scenario("prefetch", s => {
      string queue = s.Queue();
      s.Send("", queue, "0", "1", "2", "3", "4");
      s.Channel.BasicQos(0, 2, false);
      var inbox = new Inbox(s, queue);
      inbox.Expect("0", "1");
      s.Channel.BasicAck(inbox.TagOf(0), false);
      inbox.Expect("0", "1", "2");
    });

    Session.Scenario("cancel", s => {
      string queue = s.Queue();
      s.Send("", queue, "held");
      var inbox = new Inbox(s, queue);
      inbox.Expect("held");
      s.Channel.BasicCancel(inbox.Tag);
      s.Send("", queue, "late");
      s.Channel.BasicAck(inbox.TagOf(0), false);
      s.Holds(queue, "late");
      inbox.Expect("held");
    });

    Session.Scenario("ack-multiple", s => {
      string queue = s.Queue();
      s.Send("", queue, "0", "1", "2", "3", "4");
      s.Look(queue);
      var own = new Session(s.Connection);
      own.Channel.BasicAck(own.Hold(queue, 5)[2], true);
      own.Channel.Close();
      foreach (string body in new[] {"3", "4"}) {
        BasicGetResult again = s.Arrival(queue);
        Harness.Equal(Session.Text(again.Body) + again.Redelivered, body + "True", "message");
      }
      s.Holds(queue);
    });

    Session.Scenario("reject", s => {
      string queue = s.Queue();
      s.Send("", queue, "1", "2");
      s.Channel.BasicReject(s.Hold(queue, 1)[0], false);
      s.Channel.BasicReject(s.Hold(queue, 1)[0], true);
      s.Holds(queue, "2!");
    });

    Session.Scenario("requeue-order", s => {
      string queue = s.Queue();
      s.Send("", queue, "1", "2", "3", "4");
      List<ulong> tags = s.Hold(queue, 3);
      foreach (int at in new[] {1, 2, 0}) {
        s.Channel.BasicReject(tags[at], true);
      }
      s.Holds(queue, "1!", "2!", "3!", "4");
    });

    Session.Scenario("recover", s => {
      string queue = s.Queue();
      s.Send("", queue, "1", "2");
      var inbox = new Inbox(s, queue);
      inbox.Expect("1", "2");
      s.Channel.BasicRecover(true);
      inbox.Expect("1", "2", "1", "2");
      Harness.Equal(inbox.Redelivered, "False False True True", "redelivered");
    });
  }

  static void Properties(Session s) {
    string queue = s.Queue();
    s.Bind(queue, "amq.topic", queue);
    IBasicProperties sent = s.Channel.CreateBasicProperties();
    sent.ContentType = "text/plain";
    sent.ContentEncoding = "utf-8";
    sent.Headers = Session.Table("k", "v");
    sent.DeliveryMode = 2;
    sent.Priority = 7;
    sent.CorrelationId = "c-1";
    sent.ReplyTo = "answers";
    sent.Expiration = "60000";
    sent.MessageId = "m-1";
    sent.Timestamp = new AmqpTimestamp(1700000000);
    sent.Type = "kind";
    sent.UserId = Harness.User;
    sent.AppId = "app";
    sent.ClusterId = "cluster";
    s.Channel.BasicPublish("amq.topic", queue, sent, new byte[] {1});
    BasicGetResult got = s.Next(queue, true);
    Harness.Equal(Shown(got.BasicProperties), Shown(sent), "properties");
    Harness.Equal(got.Exchange, "amq.topic", "exchange");
    Harness.Equal(got.RoutingKey, queue, "key");
  }

  static string Shown(IBasicProperties p) {
    return string.Join("|", p.ContentType, p.ContentEncoding, Shown(p.Headers), p.DeliveryMode,
      p.Priority, p.CorrelationId, p.ReplyTo, p.Expiration, p.MessageId, p.Timestamp.UnixTime,
      p.Type, p.UserId, p.AppId, p.ClusterId);
  }

  /// What its tables can hold, but for texts, which it gives back as bytes.
  static void Headers(Session s) {
    var sent = Session.Table("text", "grüße", "yes", true, "no", false, "short", (short) -300,
      "int", -70000, "long", 1L << 40, "float", 1.5f, "double", 2.25,
      "bytes", new BinaryTableValue(new byte[] {0, 255}),
      "when", new AmqpTimestamp(1700000000), "none", null, "decimal", 3.14m,
      "list", new ArrayList {1, "two", Session.Table("three", 3)}, "empty", Session.Table(),
      "table", Session.Table("inner", Session.Table("deep", new ArrayList {true, null})));
    string queue = s.Queue();
    s.SendWith("", queue, "body", properties => properties.Headers = sent);
    Harness.Equal(Shown(s.Next(queue, true).BasicProperties.Headers), Shown(sent), "headers");
  }

  /// A value of a table, deeply: type and content, keys in order.
  static string Shown(object value) {
    if (value is string || value is byte[]) {
      return "\"" + Session.Text(value) + "\"";
    }
    var binary = value as BinaryTableValue;
    if (binary != null) {
      return "x" + BitConverter.ToString(binary.Bytes);
    }
    var table = value as IDictionary;
    if (table != null) {
      var keys = table.Keys.Cast<string>().OrderBy(key => key, StringComparer.Ordinal);
      return "{" + string.Join(", ", keys.Select(key => key + ": " + Shown(table[key]))) + "}";
    }
    var list = value as IList;
    if (list != null) {
      return "[" + string.Join(", ", list.Cast<object>().Select(Shown)) + "]";
    }
    return value == null ? "null" : value.GetType().Name + " " + value;
  }
}
