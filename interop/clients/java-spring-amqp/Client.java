/** Spring AMQP without the rest of Spring: templates, admin and listener containers. */
final class Client {
  public static void main(String[] ids) {
    Templates.define();
    Containers.define();
    Trouble.define();
    Harness.main(ids);
  }

  private Client() {}
}
