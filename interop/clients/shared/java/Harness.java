import java.io.IOException;
import java.net.Socket;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** What every Java client shares: the protocol with the runner and a few checks. */
final class Harness {
  static final String URI = System.getenv("AMQP_URI");
  static final String RELAY_URI = System.getenv("AMQP_RELAY_URI");
  static final String LOGIN = URI.substring("amqp://".length(), URI.lastIndexOf('@'));
  static final String USER = LOGIN.split(":")[0];
  static final String ADDRESS = URI.substring(URI.lastIndexOf('@') + 1).split("/")[0];

  private static final long LIMIT_MS = 5_000;
  private static final Map<String, Scenario> SCENARIOS = new LinkedHashMap<>();

  /** What a client does under one id. */
  interface Scenario {
    void run() throws Exception;
  }

  static void scenario(String id, Scenario scenario) {
    SCENARIOS.put(id, scenario);
  }

  static String fresh(String kind) {
    return "interop-" + kind + "-" + UUID.randomUUID();
  }

  static void equal(Object actual, Object expected, String what) {
    if (!Objects.deepEquals(actual, expected)) {
      throw new AssertionError(what + ": " + actual + ", not " + expected);
    }
  }

  static void contains(String text, String part) {
    if (text == null || !text.contains(part)) {
      throw new AssertionError("\"" + part + "\" is not in \"" + text + "\"");
    }
  }

  /** Asks until the answer is true. */
  static void waitFor(String what, Callable<Boolean> question) throws Exception {
    waitFor(what, LIMIT_MS, question);
  }

  static void waitFor(String what, long limitMs, Callable<Boolean> question) throws Exception {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMs);
    while (!question.call()) {
      if (System.nanoTime() > end) {
        throw new AssertionError(what + ": not within " + limitMs + " ms");
      }
      Thread.sleep(10);
    }
  }

  /** Cuts the connections that run through the relay. */
  static void cut() throws IOException {
    String[] cut = System.getenv("AMQP_CUT").split(":");
    new Socket(cut[0], Integer.parseInt(cut[1])).close();
  }

  /** Asks the runner for trouble with the broker, and waits until it is done. */
  static void control(String word) throws IOException {
    String[] control = System.getenv("AMQP_CONTROL").split(":");
    try (Socket door = new Socket(control[0], Integer.parseInt(control[1]))) {
      door.getOutputStream().write((word + "\n").getBytes());
      equal(new String(door.getInputStream().readAllBytes()), "ok\n", word);
    }
  }

  /** Runs the scenarios named on the command line. */
  static void main(String[] ids) {
    for (String id : ids) {
      Throwable failure = run(SCENARIOS.get(id));
      if (failure == null) {
        System.out.println("ok " + id);
      } else {
        failure.printStackTrace();
        String why = failure.getCause() == null ? "" : " because of " + failure.getCause();
        System.out.println("fail " + id + " " + (failure + why).replaceAll("\\s+", " "));
      }
    }
    System.exit(0);
  }

  private static Throwable run(Scenario scenario) {
    if (scenario == null) {
      return new AssertionError("this client has no such scenario");
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread = new Thread(() -> {
      try {
        scenario.run();
        done.complete(null);
      } catch (Throwable failure) {
        done.completeExceptionally(failure);
      }
    });
    thread.setDaemon(true);
    thread.start();
    try {
      done.get(50, TimeUnit.SECONDS);
      return null;
    } catch (ExecutionException failure) {
      return failure.getCause();
    } catch (Exception failure) {
      return failure;
    }
  }

  private Harness() {}
}
