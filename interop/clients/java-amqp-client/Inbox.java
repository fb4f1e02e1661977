import com.rabbitmq.client.CancelCallback;
import com.rabbitmq.client.Delivery;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** A consumer that keeps what it gets. */
final class Inbox {
  final List<Delivery> got = new CopyOnWriteArrayList<>();
  final List<String> cancelled = new CopyOnWriteArrayList<>();
  final String tag;
  private final Session session;

  Inbox(Session session, String queue, boolean autoAck, boolean exclusive,
      Map<String, Object> arguments) throws Exception {
    this.session = session;
    CancelCallback onCancel = cancelled::add;
    tag = session.channel.basicConsume(queue, autoAck, "", false, exclusive, arguments,
        (tag, delivery) -> got.add(delivery), onCancel);
  }

  Inbox(Session session, String queue) throws Exception {
    this(session, queue, false, false, Session.NONE);
  }

  /**
   * Waits for these bodies, all that were ever delivered; what is on its way after them has been
   * handed to the consumer after two round trips.
   */
  void expect(String... bodies) throws Exception {
    Harness.waitFor(bodies.length + " deliveries", () -> got.size() >= bodies.length);
    session.channel.basicQos(0);
    session.channel.basicQos(0);
    List<String> texts = got.stream().map(delivery -> Session.text(delivery.getBody())).toList();
    Harness.equal(texts, Arrays.asList(bodies), "deliveries");
  }

  long tagOf(int number) {
    return got.get(number).getEnvelope().getDeliveryTag();
  }

  List<Boolean> redelivered() {
    return got.stream().map(delivery -> delivery.getEnvelope().isRedeliver()).toList();
  }
}
