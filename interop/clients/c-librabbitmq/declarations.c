/* Queues and exchanges come and go, and what they route. */

#include "client.h"

static const amqp_table_t NONE = {0, NULL};

static void declare_(void) {
  session s = open_session();
  char *q = fresh("q"), *x = fresh("x");
  declare(s, q, DURABLE, NONE);
  declare(s, q, DURABLE, NONE);
  send_all(s, "", q, "1 2 3");
  ready(s, q, 3);
  equal(amqp_queue_purge(s.c, s.ch, bytes(q))->message_count, 3, "purged");
  for (int count = 0; count < 2; count++) {
    equal(amqp_queue_delete(s.c, s.ch, bytes(q), 0, 0)->message_count, 0, "deleted");
  }
  declare_exchange(s, x, "direct", DURABLE, NONE);
  declare_exchange(s, x, "direct", DURABLE | PASSIVE, NONE);
  check(s, "passive declare");
  delete_exchange(s, x);
  delete_exchange(s, x);
  close_session(s);
}

static void declare_passive(void) {
  session s = open_session();
  char *name = fresh("q");
  REFUSED(s, 404, text("NOT_FOUND - no queue '%s' in vhost '/'", name),
          declare(own, name, PASSIVE, NONE));
  REFUSED(s, 404, text("NOT_FOUND - no exchange '%s' in vhost '/'", name),
          declare_exchange(own, name, "direct", PASSIVE, NONE));
  close_session(s);
}

static void declare_inequivalent(void) {
  session s = open_session();
  char *q = queue(s, NONE), *x = exchange(s, "direct", NONE);
  REFUSED(s, 406,
          text("PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '%s' in vhost '/': "
               "received 'true' but current is 'false'", q),
          declare(own, q, EXCLUSIVE | AUTO_DELETE, NONE));
  REFUSED(s, 406, text("inequivalent arg 'type' for exchange '%s'", x),
          declare_exchange(own, x, "fanout", AUTO_DELETE, NONE));
  delete_exchange(s, x);
  close_session(s);
}

static void declare_arguments(void) {
  session s = open_session();
  amqp_table_entry_t wrong[] = {INT("x-message-ttl", -1), INT("x-max-priority", 256),
                                INT("x-expires", 0), TEXT("x-overflow", "nonsense")};
  for (int at = 0; at < 4; at++) {
    amqp_table_t table = {1, &wrong[at]};
    REFUSED(s, 406, text("PRECONDITION_FAILED - invalid arg '%s'", string(wrong[at].key)),
            declare(own, fresh("q"), EXCLUSIVE, table));
  }
  close_session(s);
}

static void server_named(void) {
  session s = open_session();
  char *name = string(amqp_queue_declare(s.c, s.ch, amqp_empty_bytes, 0, 0, 1, 0, NONE)->queue);
  if (!starts(name, "amq.gen-")) fail("named %s", name);
  send_all(s, "", name, "hello");
  ready(s, name, 1);
  holds(s, name, "hello");
  close_session(s);
}

static void auto_delete(void) {
  session s = open_session();
  char *q = fresh("q");
  declare(s, q, DURABLE | AUTO_DELETE, NONE);
  inbox inbox = consume(s, q, true, false, NONE);
  amqp_basic_cancel(s.c, s.ch, inbox.tag);
  REFUSED(s, 404, q, declare(own, q, PASSIVE, NONE));
  close_session(s);
}

static void delete_conditions(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  send_all(s, "", q, "1");
  ready(s, q, 1);
  REFUSED(s, 406, "not empty", amqp_queue_delete(own.c, own.ch, bytes(q), 0, 1));
  consume(s, q, false, false, NONE);
  REFUSED(s, 406, "in use", amqp_queue_delete(own.c, own.ch, bytes(q), 1, 0));
  messages(s, q);
  close_session(s);
}

static void exclusive_queue(void) {
  session s = open_session(), other = open_session();
  char *q = queue(s, NONE);
  REFUSED(other, 405, text("locked queue '%s'", q), declare(own, q, PASSIVE, NONE));
  close_session(s);
  REFUSED(other, 404, q, declare(own, q, PASSIVE, NONE));
  close_session(other);
}

static void queue_expires(void) {
  session s = open_session();
  char *q = queue(s, TABLE(INT("x-expires", 300)));
  sleep(1); /* a passive declare would renew the lease */
  REFUSED(s, 404, q, declare(own, q, PASSIVE, NONE));
  close_session(s);
}

/* Sends each word with itself as the key. */
static void send_keys(session s, const char *x, const char *words) {
  char *left = strdup(words), *word;
  while ((word = strsep(&left, " "))) send_with(s, x, word, word, NULL);
}

static void exchange_direct(void) {
  session s = open_session();
  char *x = exchange(s, "direct", NONE), *q = queue(s, NONE);
  bind_queue(s, q, x, "red");
  bind_queue(s, q, x, "green");
  send_keys(s, x, "green blue red");
  holds(s, q, "green red");
  close_session(s);
}

static void exchange_fanout(void) {
  session s = open_session();
  char *x = exchange(s, "fanout", NONE), *one = queue(s, NONE), *two = queue(s, NONE);
  bind_queue(s, one, x, "");
  bind_queue(s, two, x, "");
  send_all(s, x, "any", "all");
  holds(s, one, "all");
  holds(s, two, "all");
  close_session(s);
}

static void exchange_topic(void) {
  session s = open_session();
  char *x = exchange(s, "topic", NONE), *q = queue(s, NONE);
  bind_queue(s, q, x, "a.*.c");
  bind_queue(s, q, x, "x.#");
  send_keys(s, x, "a.b.c a.b.b.c x x.y.z y.x");
  holds(s, q, "a.b.c x x.y.z");
  close_session(s);
}

static void exchange_headers(void) {
  session s = open_session();
  char *x = exchange(s, "headers", NONE), *every = queue(s, NONE), *some = queue(s, NONE);
  amqp_table_t all = TABLE(TEXT("x-match", "all"), INT("a", 1), TEXT("b", "x"));
  amqp_table_t any = TABLE(TEXT("x-match", "any"), INT("a", 1), TEXT("b", "x"));
  amqp_queue_bind(s.c, s.ch, bytes(every), bytes(x), bytes(""), all);
  amqp_queue_bind(s.c, s.ch, bytes(some), bytes(x), bytes(""), any);
  amqp_table_t headers[] = {TABLE(INT("a", 1), TEXT("b", "x")), TABLE(INT("a", 1)),
                            TABLE(INT("c", 1))};
  for (int at = 0; at < 3; at++) {
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_HEADERS_FLAG,
                                          .headers = headers[at]};
    send_with(s, x, "", text("%d", at + 1), &properties);
  }
  holds(s, every, "1");
  holds(s, some, "1 2");
  close_session(s);
}

static void exchange_binding(void) {
  session s = open_session();
  char *source = exchange(s, "direct", NONE), *target = fresh("x"), *q = queue(s, NONE);
  declare_exchange(s, target, "fanout", 0, NONE);
  amqp_exchange_bind(s.c, s.ch, bytes(target), bytes(source), bytes("key"), NONE);
  bind_queue(s, q, target, "");
  bind_queue(s, q, source, "other");
  send_all(s, source, "key", "first");
  amqp_exchange_unbind(s.c, s.ch, bytes(target), bytes(source), bytes("key"), NONE);
  send_all(s, source, "key", "second");
  holds(s, q, "first");
  delete_exchange(s, target);
  close_session(s);
}

static void alternate_exchange(void) {
  session s = open_session();
  char *other = exchange(s, "fanout", NONE), *q = queue(s, NONE);
  bind_queue(s, q, other, "");
  char *x = exchange(s, "direct", TABLE(TEXT("alternate-exchange", other)));
  send_all(s, x, "nowhere", "lost");
  holds(s, q, "lost");
  delete_exchange(s, x);
  close_session(s);
}

static void unbind(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  bind_queue(s, q, "amq.direct", q);
  send_all(s, "amq.direct", q, "1");
  for (int count = 0; count < 2; count++) {
    amqp_queue_unbind(s.c, s.ch, bytes(q), bytes("amq.direct"), bytes(q), NONE);
    check(s, "queue.unbind");
  }
  send_all(s, "amq.direct", q, "2");
  holds(s, q, "1");
  close_session(s);
}

void define_declarations(void) {
  scenario("declare", declare_);
  scenario("declare-passive", declare_passive);
  scenario("declare-inequivalent", declare_inequivalent);
  scenario("declare-arguments", declare_arguments);
  scenario("server-named", server_named);
  scenario("auto-delete", auto_delete);
  scenario("delete-conditions", delete_conditions);
  scenario("exclusive-queue", exclusive_queue);
  scenario("queue-expires", queue_expires);
  scenario("exchange-direct", exchange_direct);
  scenario("exchange-fanout", exchange_fanout);
  scenario("exchange-topic", exchange_topic);
  scenario("exchange-headers", exchange_headers);
  scenario("exchange-binding", exchange_binding);
  scenario("alternate-exchange", alternate_exchange);
  scenario("unbind", unbind);
}
