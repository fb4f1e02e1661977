/* Connections, and brokers that refuse, stop or make wait. */

#include "client.h"

static const amqp_basic_properties_t PERSISTENT = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                                   .delivery_mode = 2};

static char *property(session s, const char *name) {
  return string(find(*amqp_get_server_properties(s.c), name)->value.bytes);
}

static void connect_(void) {
  session s = open_session();
  equal_text(property(s, "product"), "RabbitMQ", "product");
  contains(property(s, "version"), "4.");
  amqp_channel_close(s.c, s.ch, AMQP_REPLY_SUCCESS);
  close_session(s);
}

static void connect_refused(void) {
  amqp_connection_state_t c;
  address wrong = here;
  wrong.password = "wrong";
  refusal(dial(wrong, &c), 403, "ACCESS_REFUSED - Login was refused");
  amqp_destroy_connection(c);
  wrong = here;
  wrong.vhost = "no-such-vhost";
  refusal(dial(wrong, &c), 530, "NOT_ALLOWED - vhost no-such-vhost not found");
  amqp_destroy_connection(c);
}

static void connect_uri(void) {
  char *forms[] = {text("amqp://%s:%s@%s:%d/%%2f", here.user, here.password, here.host, here.port),
                   text("amqp://%s:%s@%s:%d", here.user, here.password, here.host, here.port)};
  for (int at = 0; at < 2; at++) {
    struct amqp_connection_info info;
    equal(amqp_parse_url(forms[at], &info), 0, "amqp_parse_url");
    equal_text(info.vhost, "/", "vhost");
    session s = connect_to((address){info.user, info.password, info.host, info.vhost, info.port, 0});
    queue(s, amqp_empty_table);
    close_session(s);
  }
}

static void heartbeat(void) {
  address to = here;
  to.heartbeat = 1;
  session s = connect_to(to);
  /* the library sends heartbeats while it waits for frames */
  for (double end = now() + 3.5; now() < end;) {
    amqp_frame_t frame;
    await(s, &frame, 0.2);
  }
  queue(s, amqp_empty_table);
  close_session(s);
}

/* Reads until the connection has ended. */
static void lose(session s) {
  struct timeval left = {.tv_sec = LIMIT};
  amqp_frame_t frame;
  while (true) {
    int wrong = amqp_simple_wait_frame_noblock(s.c, &frame, &left);
    if (wrong == AMQP_STATUS_TIMEOUT) fail("the loss was not noticed");
    if (wrong) break;
    if (frame.payload.method.id == AMQP_CONNECTION_CLOSE_METHOD) {
      amqp_connection_close_t *close = frame.payload.method.decoded;
      equal(close->reply_code, 320, "reply code");
      break;
    }
  }
  amqp_destroy_connection(s.c);
}

static void reconnect(void) {
  session s = connect_to(relay);
  char *q = fresh("q");
  declare(s, q, DURABLE, amqp_empty_table);
  send_all(s, "", q, "held");
  next(s, q, false);
  cut();
  lose(s);
  s = connect_to(relay);
  ready(s, q, 1);
  holds(s, q, "held!");
  delete_queue(s, q);
  close_session(s);
}

static void survive(const char *word, int taken) {
  session s = connect_to(relay);
  char *q = fresh("q"), *x = fresh("x"), *bodies[] = {"1", "2", "3"};
  declare(s, q, DURABLE, amqp_empty_table);
  declare_exchange(s, x, "direct", DURABLE, amqp_empty_table);
  bind_queue(s, q, x, "key");
  select_confirms(s);
  for (int at = 0; at < 3; at++) send_with(s, x, "key", bodies[at], &PERSISTENT);
  send_all(s, x, "key", "transient");
  confirmed(s, 4);
  for (int count = 0; count < taken; count++) next(s, q, true);
  next(s, q, false);
  control(word);
  lose(s);
  s = connect_to(relay);
  for (int at = taken; at < 3; at++) equal_text(next(s, q, true).body, bodies[at], "message");
  send_all(s, x, "key", "after");
  ready(s, q, 1);
  holds(s, q, "after");
  delete_queue(s, q);
  delete_exchange(s, x);
  close_session(s);
}

static void restart(void) { survive("restart", 1); }

static void kill_(void) { survive("kill", 0); }

static char *denied(const char *access, const char *what, const char *name) {
  return text("ACCESS_REFUSED - %s access to %s '%s' in vhost '/' refused for user '%s'", access,
              what, name, here.user);
}

static void permissions(void) {
  session s = open_session();
  char *name = fresh("no-configure");
  REFUSED(s, 403, denied("configure", "queue", name),
          declare(own, name, EXCLUSIVE, amqp_empty_table));
  char *x = fresh("no-write");
  declare_exchange(s, x, "direct", AUTO_DELETE, amqp_empty_table);
  REFUSED(s, 403, denied("write", "exchange", x), send_all(own, x, "key", "lost"));
  char *q = fresh("no-read");
  declare(s, q, EXCLUSIVE, amqp_empty_table);
  REFUSED(s, 403, denied("read", "queue", q), amqp_basic_get(own.c, own.ch, bytes(q), 1));
  close_session(s);
}

static void blocked(void) {
  session s = open_session();
  char *q = queue(s, amqp_empty_table);
  int sent = 0;
  amqp_frame_t frame;
  control("block");
  WAIT_FOR("connection.blocked",
           (send_all(s, "", q, "1"), sent++,
            await(s, &frame, 0.05) == AMQP_CONNECTION_BLOCKED_METHOD));
  amqp_connection_blocked_t *told = frame.payload.method.decoded;
  contains(string(told->reason), "low on ");
  control("unblock");
  equal(await(s, &frame, LIMIT), AMQP_CONNECTION_UNBLOCKED_METHOD, "method");
  send_all(s, "", q, "1");
  ready(s, q, sent + 1);
  close_session(s);
}

static void publish_missing(void) {
  session s = open_session();
  char *x = fresh("x");
  REFUSED(s, 404, text("NOT_FOUND - no exchange '%s' in vhost '/'", x),
          send_all(own, x, "key", "lost"));
  close_session(s);
}

static void ack_unknown(void) {
  session s = open_session();
  REFUSED(s, 406, "PRECONDITION_FAILED - unknown delivery tag 99", ack(own, 99, false));
  close_session(s);
}

static void access_refused(void) {
  session s = open_session();
  REFUSED(s, 403, "ACCESS_REFUSED - exchange name 'amq.mine'",
          declare_exchange(own, "amq.mine", "direct", 0, amqp_empty_table));
  char *q = queue(s, amqp_empty_table);
  REFUSED(s, 403, "ACCESS_REFUSED - operation not permitted", bind_queue(own, q, "", "key"));
  close_session(s);
}

static void bind_missing(void) {
  session s = open_session();
  char *q = queue(s, amqp_empty_table), *x = fresh("x");
  REFUSED(s, 404, text("NOT_FOUND - no exchange '%s' in vhost '/'", x), bind_queue(own, q, x, "key"));
  close_session(s);
}

void define_connections(void) {
  scenario("connect", connect_);
  scenario("connect-refused", connect_refused);
  scenario("connect-uri", connect_uri);
  scenario("heartbeat", heartbeat);
  scenario("reconnect", reconnect);
  scenario("restart", restart);
  scenario("kill", kill_);
  scenario("permissions", permissions);
  scenario("blocked", blocked);
  scenario("publish-missing", publish_missing);
  scenario("ack-unknown", ack_unknown);
  scenario("access-refused", access_refused);
  scenario("bind-missing", bind_missing);
}
