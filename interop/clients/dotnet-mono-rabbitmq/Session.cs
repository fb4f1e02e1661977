using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

/// A connection with one channel, and what scenarios do with them.
sealed class Session : IDisposable {
  public readonly IConnection Connection;
  public readonly IModel Channel;

  public Session(IConnection connection) {
    Connection = connection;
    Channel = connection.CreateModel();
  }

  /// The library speaks AMQP 0-9, which RabbitMQ takes for 0-9-1.
  public static IConnection Connect(
      string address = null, string password = null, string vhost = "/", ushort heartbeat = 0) {
    string[] parts = (address ?? Harness.Address).Split(':');
    var factory = new ConnectionFactory {
      Endpoint = new AmqpTcpEndpoint(Protocols.AMQP_0_9, parts[0], int.Parse(parts[1])),
      UserName = Harness.User,
      Password = password ?? Harness.Password,
      VirtualHost = vhost,
      RequestedHeartbeat = heartbeat,
    };
    return factory.CreateConnection();
  }

  public void Dispose() {
    if (Connection.IsOpen) {
      Connection.Close();
    }
  }

  /// A scenario on a connection of its own.
  public static void Scenario(string id, Action<Session> work) {
    Harness.Scenario(id, () => {
      using (var session = new Session(Connect())) {
        work(session);
      }
    });
  }

  /// Expects the broker to close the channel that the work is given, and nothing else.
  public void Refused(int code, string text, Action<Session> work) {
    var own = new Session(Connection);
    try {
      work(own);
      Harness.WaitFor("the close", () => !own.Channel.IsOpen);
    } catch (OperationInterruptedException) {
      // The reason is the channel's.
    }
    ShutdownEventArgs reason = own.Channel.CloseReason;
    Harness.Equal((int) reason.ReplyCode, code, "reply code");
    Harness.Contains(reason.ReplyText, text);
    Connection.CreateModel().Close();
  }

  /// An exclusive queue with these arguments: key, value, key, value…
  public string Queue(params object[] arguments) {
    return Declare(Harness.Fresh("q"), false, true, false, Table(arguments));
  }

  public string Declare(
      string name, bool durable, bool exclusive, bool autoDelete, IDictionary arguments = null) {
    return Channel.QueueDeclare(name, false, durable, exclusive, autoDelete, false, arguments);
  }

  /// Fails as the library does unless the queue is there.
  public void Look(string name) {
    Channel.QueueDeclare(name, true, false, false, false, false, null);
  }

  public string Exchange(string kind, params object[] arguments) {
    string name = Harness.Fresh("x");
    DeclareExchange(name, kind, false, true, Table(arguments));
    return name;
  }

  public void DeclareExchange(
      string name, string kind, bool durable, bool autoDelete, IDictionary arguments = null) {
    Channel.ExchangeDeclare(name, kind, false, durable, autoDelete, false, false, arguments);
  }

  public void Bind(string queue, string exchange, params string[] keys) {
    foreach (string key in keys) {
      Channel.QueueBind(queue, exchange, key, false, null);
    }
  }

  public void Delete(string queue) {
    Channel.QueueDelete(queue, false, false, false);
  }

  public static Hashtable Table(params object[] pairs) {
    var table = new Hashtable();
    for (int at = 0; at < pairs.Length; at += 2) {
      table[pairs[at]] = pairs[at + 1];
    }
    return table;
  }

  public void Send(string exchange, string key, params string[] bodies) {
    foreach (string body in bodies) {
      SendWith(exchange, key, body, properties => {});
    }
  }

  public void SendWith(string exchange, string key, string body, Action<IBasicProperties> set) {
    IBasicProperties properties = Channel.CreateBasicProperties();
    set(properties);
    Channel.BasicPublish(exchange, key, properties, Encoding.UTF8.GetBytes(body));
  }

  /// The next message; it must be there.
  public BasicGetResult Next(string queue, bool noAck) {
    BasicGetResult got = Channel.BasicGet(queue, noAck);
    if (got == null) {
      throw new Exception(queue + " is empty");
    }
    return got;
  }

  /// The next message, which may take a moment to arrive.
  public BasicGetResult Arrival(string queue) {
    BasicGetResult got = null;
    Harness.WaitFor("a message", () => (got = Channel.BasicGet(queue, true)) != null);
    return got;
  }

  /// Takes messages without ack; gives their tags.
  public List<ulong> Hold(string queue, int count) {
    return Enumerable.Range(0, count).Select(_ => Next(queue, false).DeliveryTag).ToList();
  }

  /// Expects these messages, each a body with ! behind it if redelivered, and no more.
  public void Holds(string queue, params string[] expected) {
    var shown = new List<string>();
    for (BasicGetResult got; (got = Channel.BasicGet(queue, true)) != null; ) {
      shown.Add(Text(got.Body) + (got.Redelivered ? "!" : ""));
    }
    Harness.Equal(string.Join(" ", shown), string.Join(" ", expected), queue);
  }

  public static string Text(object body) {
    var bytes = body as byte[];
    return bytes == null ? "" + body : Encoding.UTF8.GetString(bytes);
  }
}

/// A consumer that keeps what it gets.
sealed class Inbox : DefaultBasicConsumer {
  readonly Session session;
  readonly List<BasicGetResult> got = new List<BasicGetResult>();
  public readonly string Tag;

  public Inbox(Session session, string queue, bool noAck = false, bool exclusive = false,
      IDictionary arguments = null) : base(session.Channel) {
    this.session = session;
    Tag = session.Channel.BasicConsume(queue, noAck, "", false, exclusive, arguments, this);
  }

  public override void HandleBasicDeliver(string tag, ulong delivery, bool redelivered,
      string exchange, string key, IBasicProperties properties, byte[] body) {
    lock (got) {
      got.Add(new BasicGetResult(delivery, redelivered, exchange, key, 0, properties, body));
    }
  }

  public List<BasicGetResult> Got {
    get {
      lock (got) {
        return got.ToList();
      }
    }
  }

  /// Waits for these bodies, all that were ever delivered; two round trips let through what
  /// is on its way after them.
  public void Expect(params string[] bodies) {
    Harness.WaitFor(bodies.Length + " deliveries", () => Got.Count >= bodies.Length);
    session.Queue();
    session.Queue();
    string shown = string.Join(" ", Got.Select(message => Session.Text(message.Body)));
    Harness.Equal(shown, string.Join(" ", bodies), "deliveries");
  }

  public ulong TagOf(int number) {
    return Got[number].DeliveryTag;
  }

  public string Redelivered {
    get { return string.Join(" ", Got.Select(message => message.Redelivered)); }
  }
}
