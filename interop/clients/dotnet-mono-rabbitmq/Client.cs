/// The C# client library as Mono ships it. It is of the time of AMQP 0-9: RabbitMQ's extensions
/// of the protocol (confirms, nacks, exchange bindings and the rest) are not in its API.
static class Client {
  static void Main(string[] ids) {
    Harness.Skipped("it has no confirms", "confirm", "confirm-nack");
    Harness.Skipped("it has no basic.nack", "nack");
    Harness.Skipped("it has no bindings of exchanges to exchanges", "exchange-binding");
    Harness.Skipped("it does not announce consumer_cancel_notify, so it is told nothing",
      "server-cancel");
    Harness.Skipped(
      "it does not announce the capability connection.blocked, so it is told nothing", "blocked");
    Harness.Skipped("it takes host, port and vhost, not a URI", "connect-uri");
    Connections.Define();
    Declarations.Define();
    Routing.Define();
    Messages.Define();
    Queues.Define();
    Harness.Run(ids);
  }
}
