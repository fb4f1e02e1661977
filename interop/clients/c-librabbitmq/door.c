/* Calls of librabbitmq with their errors checked. */

#include "client.h"

amqp_rpc_reply_t dial(address to, amqp_connection_state_t *connection) {
  *connection = amqp_new_connection();
  amqp_socket_t *socket = amqp_tcp_socket_new(*connection);
  if (amqp_socket_open(socket, to.host, to.port)) fail("nobody at port %d", to.port);
  amqp_table_t capabilities = TABLE(FLAG("connection.blocked", 1), FLAG("basic.nack", 1),
                                    FLAG("consumer_cancel_notify", 1));
  amqp_table_t properties =
      TABLE(ENTRY("capabilities", AMQP_FIELD_KIND_TABLE, table, capabilities));
  return amqp_login_with_properties(*connection, to.vhost, 0, 131072, to.heartbeat, &properties,
                                    AMQP_SASL_METHOD_PLAIN, to.user, to.password);
}

amqp_channel_t channel(session s) {
  static amqp_channel_t last;
  last = last % 2000 + 1;
  amqp_channel_open(s.c, last);
  check(s, "channel.open");
  return last;
}

session connect_to(address to) {
  session s;
  amqp_rpc_reply_t reply = dial(to, &s.c);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail("cannot log in");
  s.ch = channel(s);
  return s;
}

session open_session(void) { return connect_to(here); }

session fork_session(session s) { return (session){s.c, channel(s)}; }

void close_session(session s) {
  amqp_connection_close(s.c, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(s.c);
}

static const char *told(amqp_rpc_reply_t reply, int *code) {
  amqp_channel_close_t *closed = reply.reply.decoded;
  amqp_connection_close_t *ended = reply.reply.decoded;
  *code = 0;
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
    return amqp_error_string2(reply.library_error);
  }
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) return "no error";
  bool channel = reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD;
  *code = channel ? closed->reply_code : ended->reply_code;
  return string(channel ? closed->reply_text : ended->reply_text);
}

void check(session s, const char *what) {
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(s.c);
  int code;
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail("%s: %s", what, told(reply, &code));
}

void refusal(amqp_rpc_reply_t reply, int code, const char *part) {
  int actual;
  const char *text = told(reply, &actual);
  if (actual != code) fail("code %d (%s), not %d", actual, text, code);
  contains(text, part);
}

void refused(session own, int code, const char *part) {
  if (amqp_get_rpc_reply(own.c).reply_type == AMQP_RESPONSE_NORMAL) {
    amqp_basic_qos(own.c, own.ch, 0, 1, 0);
  }
  refusal(amqp_get_rpc_reply(own.c), code, part);
  amqp_channel_close_ok_t ok = {0};
  amqp_send_method(own.c, own.ch, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
  amqp_channel_close(own.c, channel(own), AMQP_REPLY_SUCCESS);
}

amqp_field_value_t *find(amqp_table_t table, const char *key) {
  for (int at = 0; at < table.num_entries; at++) {
    if (!strcmp(string(table.entries[at].key), key)) return &table.entries[at].value;
  }
  fail("no %s in the table", key);
}

int64_t number(amqp_table_t table, const char *key) {
  amqp_field_value_t *value = find(table, key);
  return value->kind == AMQP_FIELD_KIND_I32 ? value->value.i32 : value->value.i64;
}

void declare(session s, const char *name, int flags, amqp_table_t arguments) {
  amqp_queue_declare(s.c, s.ch, bytes(name), !!(flags & PASSIVE), !!(flags & DURABLE),
                     !!(flags & EXCLUSIVE), !!(flags & AUTO_DELETE), arguments);
}

void declare_exchange(session s, const char *name, const char *kind, int flags, amqp_table_t a) {
  amqp_exchange_declare(s.c, s.ch, bytes(name), bytes(kind), !!(flags & PASSIVE),
                        !!(flags & DURABLE), !!(flags & AUTO_DELETE), 0, a);
}

char *queue(session s, amqp_table_t arguments) {
  char *name = fresh("q");
  declare(s, name, EXCLUSIVE, arguments);
  check(s, "queue.declare");
  return name;
}

char *exchange(session s, const char *kind, amqp_table_t arguments) {
  char *name = fresh("x");
  declare_exchange(s, name, kind, AUTO_DELETE, arguments);
  check(s, "exchange.declare");
  return name;
}

void bind_queue(session s, const char *queue, const char *exchange, const char *key) {
  amqp_queue_bind(s.c, s.ch, bytes(queue), bytes(exchange), bytes(key), amqp_empty_table);
}

void delete_queue(session s, const char *name) {
  amqp_queue_delete(s.c, s.ch, bytes(name), 0, 0);
  check(s, "queue.delete");
}

void delete_exchange(session s, const char *name) {
  amqp_exchange_delete(s.c, s.ch, bytes(name), 0);
  check(s, "exchange.delete");
}

uint32_t messages(session s, const char *name) {
  amqp_queue_declare_ok_t *answer =
      amqp_queue_declare(s.c, s.ch, bytes(name), 1, 0, 0, 0, amqp_empty_table);
  check(s, "passive declare");
  return answer->message_count;
}

void ready(session s, const char *name, uint32_t count) {
  WAIT_FOR(text("%u messages", count), messages(s, name) == count);
}

void send_with(session s, const char *to, const char *key, const char *body,
               const amqp_basic_properties_t *properties) {
  int wrong = amqp_basic_publish(s.c, s.ch, bytes(to), bytes(key), 0, 0, properties, bytes(body));
  if (wrong) fail("publish: %s", amqp_error_string2(wrong));
}

void send_all(session s, const char *to, const char *key, const char *words) {
  char *left = strdup(words), *word;
  while ((word = strsep(&left, " "))) send_with(s, to, key, word, NULL);
}

bool get(session s, const char *name, bool no_ack, message *to) {
  amqp_rpc_reply_t reply = amqp_basic_get(s.c, s.ch, bytes(name), no_ack);
  check(s, "basic.get");
  if (reply.reply.id != AMQP_BASIC_GET_OK_METHOD) return false;
  amqp_basic_get_ok_t ok = *(amqp_basic_get_ok_t *)reply.reply.decoded;
  *to = (message){.exchange = string(ok.exchange), .key = string(ok.routing_key),
                  .tag = ok.delivery_tag, .redelivered = ok.redelivered,
                  .left = ok.message_count};
  amqp_message_t raw;
  if (amqp_read_message(s.c, s.ch, &raw, 0).reply_type != AMQP_RESPONSE_NORMAL) {
    fail("no content after get-ok");
  }
  to->size = raw.body.len;
  to->body = calloc(1, raw.body.len + 1);
  memcpy(to->body, raw.body.bytes, raw.body.len);
  to->properties = raw.properties; /* its pool is kept on purpose */
  return true;
}

message next(session s, const char *name, bool no_ack) {
  message message;
  if (!get(s, name, no_ack, &message)) fail("%s is empty", name);
  return message;
}

void holds(session s, const char *name, const char *words) {
  char *found = "";
  for (message message; get(s, name, true, &message);) {
    found = text("%s%s%s%s", found, *found ? " " : "", message.body,
                 message.redelivered ? "!" : "");
  }
  equal_text(found, words, name);
}

void ack(session s, uint64_t tag, bool multiple) { amqp_basic_ack(s.c, s.ch, tag, multiple); }

void nack(session s, uint64_t tag, bool multiple, bool requeue) {
  amqp_basic_nack(s.c, s.ch, tag, multiple, requeue);
}

void reject(session s, uint64_t tag, bool requeue) {
  amqp_basic_reject(s.c, s.ch, tag, requeue);
}

void select_confirms(session s) {
  amqp_confirm_select(s.c, s.ch);
  check(s, "confirm.select");
}

amqp_method_number_t await(session s, amqp_frame_t *frame, double seconds) {
  struct timeval left = {.tv_sec = seconds, .tv_usec = (seconds - (int)seconds) * 1e6};
  int wrong = amqp_simple_wait_frame_noblock(s.c, frame, &left);
  if (wrong == AMQP_STATUS_TIMEOUT) return 0;
  if (wrong) fail("%s", amqp_error_string2(wrong));
  return frame->frame_type == AMQP_FRAME_METHOD ? frame->payload.method.id : 0;
}

bool confirmed(session s, uint64_t count) {
  /* what need not wait for the disk may be confirmed before what does */
  bool *done = calloc(count + 1, sizeof *done), nacked = false;
  for (uint64_t left = count; left;) {
    amqp_frame_t frame;
    amqp_method_number_t method = await(s, &frame, LIMIT);
    if (method != AMQP_BASIC_ACK_METHOD && method != AMQP_BASIC_NACK_METHOD) {
      fail("%lu of %lu are not confirmed", left, count);
    }
    nacked |= method == AMQP_BASIC_NACK_METHOD;
    amqp_basic_ack_t *told = frame.payload.method.decoded; /* a nack begins the same */
    uint64_t last = told->delivery_tag;
    for (uint64_t tag = told->multiple ? 1 : last; tag <= last && tag <= count; tag++) {
      left -= !done[tag];
      done[tag] = true;
    }
  }
  free(done);
  return nacked;
}

inbox consume(session s, const char *queue, bool no_ack, bool exclusive, amqp_table_t arguments) {
  amqp_basic_consume_ok_t *ok = amqp_basic_consume(s.c, s.ch, bytes(queue), bytes(fresh("c")), 0,
                                                   no_ack, exclusive, arguments);
  return (inbox){.s = s, .tag = ok ? bytes(string(ok->consumer_tag)) : amqp_empty_bytes};
}

message arrived(amqp_envelope_t *envelope) {
  message message = {.exchange = string(envelope->exchange), .key = string(envelope->routing_key),
                     .tag = envelope->delivery_tag, .redelivered = envelope->redelivered,
                     .properties = envelope->message.properties,
                     .size = envelope->message.body.len};
  message.body = string(envelope->message.body);
  return message;
}

/* Takes a delivery if there is one in time; those of other consumers are put back in vain, so
 * every scenario waits for one consumer at a time. */
static bool take(inbox *inbox, double seconds) {
  struct timeval left = {.tv_sec = seconds, .tv_usec = (seconds - (int)seconds) * 1e6};
  amqp_envelope_t envelope;
  amqp_rpc_reply_t reply = amqp_consume_message(inbox->s.c, &envelope, &left, 0);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) return false;
  equal_text(string(envelope.consumer_tag), string(inbox->tag), "consumer tag");
  inbox->got[inbox->count++] = arrived(&envelope);
  return true;
}

void expect(inbox *inbox, const char *words) {
  int wanted = *words != 0;
  for (const char *c = words; *c; c++) wanted += *c == ' ';
  while (inbox->count < wanted && take(inbox, LIMIT)) {
  }
  /* what was on its way has arrived after a round trip */
  amqp_basic_qos(inbox->s.c, inbox->s.ch, 0, 0, 0);
  while (take(inbox, 0)) {
  }
  char *found = "";
  for (int at = 0; at < inbox->count; at++) {
    found = text("%s%s%s%s", found, *found ? " " : "", inbox->got[at].body,
                 inbox->got[at].redelivered ? "!" : "");
  }
  equal_text(found, words, "deliveries");
}
