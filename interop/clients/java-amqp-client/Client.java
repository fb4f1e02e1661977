/** com.rabbitmq's amqp-client. */
final class Client {
  public static void main(String[] ids) {
    Connections.define();
    Trouble.define();
    Declarations.define();
    Routing.define();
    Publishing.define();
    Consuming.define();
    Queues.define();
    Harness.main(ids);
  }

  private Client() {}
}
