/* What queues do by their arguments. */

#include "client.h"

static const amqp_table_t NONE = {0, NULL};
#define DEAD_LETTERS_TO(name) \
  TEXT("x-dead-letter-exchange", ""), TEXT("x-dead-letter-routing-key", name)

static amqp_basic_properties_t property(amqp_flags_t flag) {
  return (amqp_basic_properties_t){._flags = flag};
}

/* Queue, reason and count of an entry of x-death. */
static char *death(amqp_table_t headers, int at) {
  amqp_array_t deaths = find(headers, "x-death")->value.array;
  if (at >= deaths.num_entries) fail("only %d deaths", deaths.num_entries);
  amqp_table_t entry = deaths.entries[at].value.table;
  return text("%s %s %ld", string(find(entry, "queue")->value.bytes),
              string(find(entry, "reason")->value.bytes), number(entry, "count"));
}

static void priority(void) {
  session s = open_session();
  char *q = queue(s, TABLE(INT("x-max-priority", 5)));
  int priorities[] = {1, 9, 0, 5, 3};
  for (int at = 0; at < 5; at++) {
    amqp_basic_properties_t sent = property(AMQP_BASIC_PRIORITY_FLAG);
    sent.priority = priorities[at];
    send_with(s, "", q, text("%d", priorities[at]), &sent);
  }
  ready(s, q, 5);
  holds(s, q, "9 5 3 1 0");
  close_session(s);
}

static void ttl_message(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  amqp_basic_properties_t sent = property(AMQP_BASIC_EXPIRATION_FLAG);
  sent.expiration = bytes("200");
  send_with(s, "", q, "short", &sent);
  ready(s, q, 1);
  ready(s, q, 0);
  close_session(s);
}

static void ttl_queue(void) {
  session s = open_session();
  char *q = queue(s, TABLE(INT("x-message-ttl", 200)));
  send_all(s, "", q, "short");
  ready(s, q, 1);
  ready(s, q, 0);
  close_session(s);
}

static void dead_letter(void) {
  session s = open_session();
  char *third = queue(s, NONE), *second = queue(s, TABLE(DEAD_LETTERS_TO(third)));
  char *first = queue(s, TABLE(DEAD_LETTERS_TO(second), INT("x-message-ttl", 100)));
  send_all(s, "", first, "dead");
  inbox inbox = consume(s, second, false, false, NONE);
  expect(&inbox, "dead");
  reject(s, inbox.got[0].tag, false);
  ready(s, third, 1);
  amqp_table_t headers = next(s, third, true).properties.headers;
  equal_text(death(headers, 0), text("%s rejected 1", second), "first entry");
  equal_text(death(headers, 1), text("%s expired 1", first), "second entry");
  equal_text(string(find(headers, "x-first-death-reason")->value.bytes), "expired", "reason");
  close_session(s);
}

static void max_length(void) {
  session s = open_session();
  char *dead = queue(s, NONE);
  char *q = queue(s, TABLE(DEAD_LETTERS_TO(dead), INT("x-max-length", 2)));
  send_all(s, "", q, "1 2 3");
  ready(s, dead, 1);
  message message = next(s, dead, true);
  equal_text(message.body, "1", "dead message");
  equal_text(death(message.properties.headers, 0), text("%s maxlen 1", q), "death");
  holds(s, q, "2 3");
  close_session(s);
}

static void quorum(void) {
  session s = open_session();
  char *q = fresh("q");
  declare(s, q, DURABLE, TABLE(TEXT("x-queue-type", "quorum")));
  check(s, "queue.declare");
  select_confirms(s);
  amqp_basic_properties_t sent = property(AMQP_BASIC_DELIVERY_MODE_FLAG);
  sent.delivery_mode = 2;
  send_with(s, "", q, "kept", &sent);
  equal(confirmed(s, 1), false, "nacked");
  nack(s, next(s, q, false).tag, false, true);
  message again;
  WAIT_FOR("the redelivery", get(s, q, true, &again));
  equal(again.redelivered, true, "redelivered");
  equal(number(again.properties.headers, "x-acquired-count"), 1, "x-acquired-count");
  delete_queue(s, q);
  close_session(s);
}

static void stream(void) {
  session s = open_session();
  char *q = fresh("q");
  declare(s, q, DURABLE, TABLE(TEXT("x-queue-type", "stream")));
  check(s, "queue.declare");
  select_confirms(s);
  send_all(s, "", q, "1 2 3");
  equal(confirmed(s, 3), false, "nacked");
  for (int round = 0; round < 2; round++) {
    session own = fork_session(s);
    amqp_basic_qos(own.c, own.ch, 0, 10, 0);
    inbox inbox = consume(own, q, false, false, TABLE(TEXT("x-stream-offset", "first")));
    expect(&inbox, "1 2 3");
    for (int at = 0; at < 3; at++) {
      equal(number(inbox.got[at].properties.headers, "x-stream-offset"), at, "offset");
    }
    amqp_channel_close(own.c, own.ch, AMQP_REPLY_SUCCESS);
  }
  delete_queue(s, q);
  close_session(s);
}

void define_queues(void) {
  scenario("priority", priority);
  scenario("ttl-message", ttl_message);
  scenario("ttl-queue", ttl_queue);
  scenario("dead-letter", dead_letter);
  scenario("max-length", max_length);
  scenario("quorum", quorum);
  scenario("stream", stream);
}
