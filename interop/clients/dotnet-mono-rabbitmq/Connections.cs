using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

/// Connections and channels, and brokers that stop or refuse.
static class Connections {
  static readonly string[] bodies = {"1", "2", "3"};

  public static void Define() {
    Session.Scenario("connect", s => {
      Func<string, string> server = key => Session.Text(s.Connection.ServerProperties[key]);
      Harness.Equal(server("product"), "RabbitMQ", "product");
      Harness.Contains(server("version"), "4.");
      s.Channel.Close();
    });

    Harness.Scenario("connect-refused", () => {
      // It does not announce authentication_failure_close: the socket is closed without a word.
      Refusal(() => Session.Connect(password: "wrong"));
      string told = Refusal(() => Session.Connect(vhost: "no-such-vhost"));
      Harness.Contains(told, "code=530");
      Harness.Contains(told, "NOT_ALLOWED - vhost no-such-vhost not found");
    });

    Harness.Scenario("heartbeat", () => {
      using (var s = new Session(Session.Connect(heartbeat: 1))) {
        Thread.Sleep(3500);
        s.Queue();
      }
    });

    Session.Scenario("publish-missing", s => {
      string name = Harness.Fresh("x");
      s.Refused(404, "NOT_FOUND - no exchange '" + name + "' in vhost '/'",
        own => own.Send(name, "key", "lost"));
    });

    Session.Scenario("ack-unknown", s => s.Refused(
      406, "PRECONDITION_FAILED - unknown delivery tag 99", own => own.Channel.BasicAck(99, false)));

    Session.Scenario("access-refused", s => {
      s.Refused(403, "ACCESS_REFUSED - exchange name 'amq.mine'",
        own => own.DeclareExchange("amq.mine", "direct", false, false));
      string queue = s.Queue();
      s.Refused(403, "ACCESS_REFUSED - operation not permitted", own => own.Bind(queue, "", "key"));
    });

    Session.Scenario("bind-missing", s => {
      string queue = s.Queue(), missing = Harness.Fresh("x");
      s.Refused(404, "NOT_FOUND - no exchange '" + missing + "' in vhost '/'",
        own => own.Bind(queue, missing, "key"));
    });

    Session.Scenario("permissions", s => {
      string configured = Harness.Fresh("no-configure");
      s.Refused(403, Denial("configure", "queue", configured),
        own => own.Declare(configured, false, true, false));
      string written = Harness.Fresh("no-write");
      s.DeclareExchange(written, "direct", false, true);
      s.Refused(403, Denial("write", "exchange", written), own => own.Send(written, "key", "lost"));
      string read = Harness.Fresh("no-read");
      s.Declare(read, false, true, false);
      s.Refused(403, Denial("read", "queue", read), own => own.Channel.BasicGet(read, true));
    });

    Harness.Scenario("reconnect", Reconnect);
    Harness.Scenario("restart", () => Survive("restart", 1));
    Harness.Scenario("kill", () => Survive("kill", 0));
  }

  /// What the library says of an endpoint that it could not reach.
  static string Refusal(Action connect) {
    try {
      connect();
    } catch (BrokerUnreachableException failure) {
      return string.Join(" ", failure.ConnectionErrors.Values.Cast<object>());
    } catch (OperationInterruptedException failure) {
      return failure.Message;
    }
    throw new Exception("connected");
  }

  static string Denial(string access, string what, string name) {
    return "ACCESS_REFUSED - " + access + " access to " + what + " '" + name
      + "' in vhost '/' refused for user '" + Harness.User + "'";
  }

  static void Reconnect() {
    string queue = Harness.Fresh("q");
    var s = new Session(Session.Connect(Harness.Relay));
    s.Declare(queue, true, false, false);
    s.Send("", queue, "held");
    s.Hold(queue, 1);
    Harness.Cut();
    Harness.WaitFor("the loss", () => !s.Connection.IsOpen);
    using (s = new Session(Session.Connect(Harness.Relay))) {
      BasicGetResult again = s.Arrival(queue);
      Harness.Equal(Session.Text(again.Body) + again.Redelivered, "heldTrue", "message");
      s.Delete(queue);
    }
  }

  /// What is durable outlives the broker; of three messages some are taken. A transaction stands
  /// in for confirms, which the library does not have.
  static void Survive(string word, int taken) {
    string queue = Harness.Fresh("q"), exchange = Harness.Fresh("x");
    var s = new Session(Session.Connect(Harness.Relay));
    s.Declare(queue, true, false, false);
    s.DeclareExchange(exchange, "direct", true, false);
    s.Bind(queue, exchange, "key");
    s.Channel.TxSelect();
    foreach (string body in bodies) {
      s.SendWith(exchange, "key", body, properties => properties.SetPersistent(true));
    }
    s.Send(exchange, "key", "transient");
    s.Channel.TxCommit();
    for (int count = 0; count < taken; count++) {
      s.Channel.BasicAck(s.Next(queue, false).DeliveryTag, false);
    }
    s.Channel.TxCommit();
    s.Hold(queue, 1);
    Harness.Control(word);
    Harness.WaitFor("the loss", () => !s.Connection.IsOpen, 20000);
    using (s = new Session(Patient())) {
      var found = new List<string>();
      for (BasicGetResult got; (got = s.Channel.BasicGet(queue, true)) != null; ) {
        found.Add(Session.Text(got.Body));
      }
      Harness.Equal(string.Join(" ", found), string.Join(" ", bodies.Skip(taken)), "messages");
      s.Send(exchange, "key", "after");
      s.Holds(queue, "after");
      s.Delete(queue);
      s.Channel.ExchangeDelete(exchange, false, false);
    }
  }

  /// A connection as soon as there is one to be had.
  static IConnection Patient() {
    IConnection connection = null;
    Harness.WaitFor("a connection", () => {
      try {
        connection = Session.Connect(Harness.Relay);
      } catch (BrokerUnreachableException) {
        Thread.Sleep(100);
      }
      return connection != null;
    }, 20000);
    return connection;
  }
}
