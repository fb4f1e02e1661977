import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.amqp.core.AmqpAdmin;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.annotation.Bean;
import org.testcontainers.containers.RabbitMQContainer;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/** An application's test: Spring Boot finds the broker of the container by itself. */
@Testcontainers
@SpringBootTest(classes = OrdersTest.Shop.class)
class OrdersTest {
  @Container
  @ServiceConnection
  static final RabbitMQContainer BROKER = new Timed("rabbitmq:4-management");

  /** Says how long its start took. */
  static class Timed extends RabbitMQContainer {
    Timed(String image) {
      super(image);
    }

    @Override
    public void start() {
      long begun = System.nanoTime();
      super.start();
      System.out.printf("ready after %d ms with Spring Boot%n",
          (System.nanoTime() - begun) / 1_000_000);
    }
  }

  @SpringBootConfiguration
  @EnableAutoConfiguration
  static class Shop {
    final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

    @Bean
    Queue orders() {
      return new Queue("orders", true);
    }

    @RabbitListener(queues = "orders")
    void order(String order) {
      seen.add(order);
    }
  }

  @Autowired Shop shop;
  @Autowired RabbitTemplate template;
  @Autowired AmqpAdmin admin;

  @Test
  void anOrderIsHeard() throws Exception {
    template.convertAndSend("orders", "one hat");
    assertThat(shop.seen.poll(30, TimeUnit.SECONDS)).isEqualTo("one hat");
    assertThat(admin.getQueueInfo("orders").getConsumerCount()).isEqualTo(1);
  }

  @Test
  void aQuestionIsAnswered() {
    admin.declareQueue(new Queue("unheard"));
    template.convertAndSend("unheard", "hello");
    assertThat(template.receiveAndConvert("unheard", 10_000)).isEqualTo("hello");
    assertThat(admin.deleteQueue("unheard")).isTrue();
  }
}
