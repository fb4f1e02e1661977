/* Messages out, and how they are settled. */

#include "client.h"

static const amqp_table_t NONE = {0, NULL};

static void consume_(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  send_all(s, "", q, "1 2 3");
  inbox inbox = consume(s, q, false, false, NONE);
  send_all(s, "", q, "4 5 6");
  expect(&inbox, "1 2 3 4 5 6");
  for (int at = 0; at < 6; at++) {
    equal(inbox.got[at].tag, at + 1, "tag");
    ack(s, inbox.got[at].tag, false);
  }
  amqp_basic_cancel(s.c, s.ch, inbox.tag);
  ready(s, q, 0);
  close_session(s);
}

static void prefetch(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  send_all(s, "", q, "0 1 2 3 4");
  amqp_basic_qos(s.c, s.ch, 0, 2, 0);
  inbox inbox = consume(s, q, false, false, NONE);
  expect(&inbox, "0 1");
  ack(s, inbox.got[0].tag, false);
  expect(&inbox, "0 1 2");
  close_session(s);
}

static void cancel(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  send_all(s, "", q, "held");
  inbox inbox = consume(s, q, false, false, NONE);
  expect(&inbox, "held");
  amqp_basic_cancel(s.c, s.ch, inbox.tag);
  send_all(s, "", q, "late");
  ready(s, q, 1);
  ack(s, inbox.got[0].tag, false);
  holds(s, q, "late");
  expect(&inbox, "held");
  close_session(s);
}

static void get_(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  holds(s, q, "");
  send_all(s, "", q, "1 2");
  ready(s, q, 2);
  equal(next(s, q, false).left, 1, "messages left");
  equal(next(s, q, true).left, 0, "messages left");
  close_session(s);
}

static void ack_multiple(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  send_all(s, "", q, "0 1 2 3 4");
  ready(s, q, 5);
  session own = fork_session(s);
  uint64_t tags[5];
  for (int at = 0; at < 5; at++) tags[at] = next(own, q, false).tag;
  ack(own, tags[2], true);
  amqp_channel_close(own.c, own.ch, AMQP_REPLY_SUCCESS);
  ready(s, q, 2);
  holds(s, q, "3! 4!");
  close_session(s);
}

static void reject_(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  send_all(s, "", q, "1 2");
  ready(s, q, 2);
  reject(s, next(s, q, false).tag, false);
  reject(s, next(s, q, false).tag, true);
  ready(s, q, 1);
  holds(s, q, "2!");
  close_session(s);
}

static void nack_(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  send_all(s, "", q, "1 2 3");
  ready(s, q, 3);
  uint64_t last = 0;
  for (int at = 0; at < 3; at++) last = next(s, q, false).tag;
  nack(s, last, true, true);
  ready(s, q, 3);
  holds(s, q, "1! 2! 3!");
  close_session(s);
}

static void requeue_order(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  send_all(s, "", q, "1 2 3 4");
  ready(s, q, 4);
  uint64_t tags[3];
  for (int at = 0; at < 3; at++) tags[at] = next(s, q, false).tag;
  nack(s, tags[1], false, true);
  nack(s, tags[2], false, true);
  nack(s, tags[0], false, true);
  ready(s, q, 4);
  holds(s, q, "1! 2! 3! 4");
  close_session(s);
}

static void recover(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  send_all(s, "", q, "1 2");
  inbox inbox = consume(s, q, false, false, NONE);
  expect(&inbox, "1 2");
  amqp_basic_recover(s.c, s.ch, 1);
  expect(&inbox, "1 2 1! 2!");
  close_session(s);
}

static void single_active(void) {
  session s = open_session();
  char *q = queue(s, TABLE(FLAG("x-single-active-consumer", 1)));
  inbox one = consume(s, q, true, false, NONE), two = consume(s, q, true, false, NONE);
  send_all(s, "", q, "1");
  expect(&one, "1");
  amqp_basic_cancel(s.c, s.ch, one.tag);
  send_all(s, "", q, "2");
  expect(&two, "2");
  close_session(s);
}

static void consumer_priority(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  consume(s, q, true, false, TABLE(INT("x-priority", 0)));
  inbox high = consume(s, q, true, false, TABLE(INT("x-priority", 10)));
  send_all(s, "", q, "1 2 3");
  expect(&high, "1 2 3");
  close_session(s);
}

static void exclusive_consumer(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  consume(s, q, false, true, NONE);
  REFUSED(s, 403, text("ACCESS_REFUSED - queue '%s' in vhost '/' in exclusive use", q),
          consume(own, q, false, false, NONE));
  close_session(s);
}

static void server_cancel(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  inbox inbox = consume(s, q, false, false, NONE);
  delete_queue(fork_session(s), q);
  amqp_frame_t frame;
  equal(await(s, &frame, LIMIT), AMQP_BASIC_CANCEL_METHOD, "method");
  amqp_basic_cancel_t *cancel = frame.payload.method.decoded;
  equal_text(string(cancel->consumer_tag), string(inbox.tag), "consumer tag");
  queue(s, NONE);
  close_session(s);
}

void define_consumers(void) {
  scenario("consume", consume_);
  scenario("prefetch", prefetch);
  scenario("cancel", cancel);
  scenario("get", get_);
  scenario("ack-multiple", ack_multiple);
  scenario("reject", reject_);
  scenario("nack", nack_);
  scenario("requeue-order", requeue_order);
  scenario("recover", recover);
  scenario("single-active", single_active);
  scenario("consumer-priority", consumer_priority);
  scenario("exclusive-consumer", exclusive_consumer);
  scenario("server-cancel", server_cancel);
}
