/* Messages in, and what the publisher hears. */

#include "client.h"

static const amqp_table_t NONE = {0, NULL};
#define DIRECT_REPLY "amq.rabbitmq.reply-to"

static void properties(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  bind_queue(s, q, "amq.topic", q);
  amqp_basic_properties_t sent = {
      ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_CONTENT_ENCODING_FLAG |
                AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_PRIORITY_FLAG |
                AMQP_BASIC_CORRELATION_ID_FLAG | AMQP_BASIC_REPLY_TO_FLAG |
                AMQP_BASIC_EXPIRATION_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_USER_ID_FLAG |
                AMQP_BASIC_APP_ID_FLAG | AMQP_BASIC_CLUSTER_ID_FLAG,
      .content_type = bytes("text/plain"), .content_encoding = bytes("utf-8"),
      .headers = TABLE(TEXT("k", "v")), .delivery_mode = 2, .priority = 7,
      .correlation_id = bytes("c-1"), .reply_to = bytes("answers"), .expiration = bytes("60000"),
      .message_id = bytes("m-1"), .timestamp = 1700000000, .type = bytes("kind"),
      .user_id = bytes(here.user), .app_id = bytes("app"), .cluster_id = bytes("cluster")};
  send_with(s, "amq.topic", q, "body", &sent);
  message message = next(s, q, true);
  amqp_basic_properties_t *got = &message.properties;
  equal(got->_flags, sent._flags, "flags");
#define SAME(field) equal_text(string(got->field), string(sent.field), #field)
  SAME(content_type);
  SAME(content_encoding);
  SAME(correlation_id);
  SAME(reply_to);
  SAME(expiration);
  SAME(message_id);
  SAME(type);
  SAME(user_id);
  SAME(app_id);
  SAME(cluster_id);
  equal(got->delivery_mode, 2, "delivery mode");
  equal(got->priority, 7, "priority");
  equal(got->timestamp, sent.timestamp, "timestamp");
  equal_text(string(find(got->headers, "k")->value.bytes), "v", "header");
  equal_text(message.exchange, "amq.topic", "exchange");
  equal_text(message.key, q, "routing key");
  close_session(s);
}

/* A value as text, with its type. */
static char *shown(amqp_field_value_t *value) {
  char *all = "";
  switch (value->kind) {
    case AMQP_FIELD_KIND_BOOLEAN: return text("t%d", value->value.boolean);
    case AMQP_FIELD_KIND_I8: return text("b%d", value->value.i8);
    case AMQP_FIELD_KIND_I16: return text("s%d", value->value.i16);
    case AMQP_FIELD_KIND_I32: return text("I%d", value->value.i32);
    case AMQP_FIELD_KIND_I64: return text("l%ld", value->value.i64);
    case AMQP_FIELD_KIND_F32: return text("f%g", value->value.f32);
    case AMQP_FIELD_KIND_F64: return text("d%g", value->value.f64);
    case AMQP_FIELD_KIND_TIMESTAMP: return text("T%lu", value->value.u64);
    case AMQP_FIELD_KIND_VOID: return "V";
    case AMQP_FIELD_KIND_DECIMAL:
      return text("D%d/%u", value->value.decimal.decimals, value->value.decimal.value);
    case AMQP_FIELD_KIND_ARRAY:
      for (int at = 0; at < value->value.array.num_entries; at++) {
        all = text("%s %s", all, shown(&value->value.array.entries[at]));
      }
      return text("A[%s]", all);
    case AMQP_FIELD_KIND_TABLE:
      for (int at = 0; at < value->value.table.num_entries; at++) {
        amqp_table_entry_t *entry = &value->value.table.entries[at];
        all = text("%s %s=%s", all, string(entry->key), shown(&entry->value));
      }
      return text("F{%s}", all);
    default: return text("%c%s", value->kind, string(value->value.bytes));
  }
}

static void headers(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  amqp_field_value_t items[] = {{.kind = AMQP_FIELD_KIND_I32, .value.i32 = 1},
                                {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = bytes("two")},
                                {.kind = AMQP_FIELD_KIND_TABLE, .value.table = TABLE(INT("3", 3))}};
  amqp_array_t list = {3, items};
  amqp_decimal_t decimal = {2, 314};
  /* sorted by key: RabbitMQ's classic queues give them back so */
  amqp_table_t table = TABLE(
      ENTRY("bytes", AMQP_FIELD_KIND_BYTES, bytes, bytes("raw")),
      ENTRY("decimal", AMQP_FIELD_KIND_DECIMAL, decimal, decimal),
      ENTRY("double", AMQP_FIELD_KIND_F64, f64, 2.25), ENTRY("float", AMQP_FIELD_KIND_F32, f32, 1.5),
      INT("int", -5), ENTRY("list", AMQP_FIELD_KIND_ARRAY, array, list),
      ENTRY("long", AMQP_FIELD_KIND_I64, i64, 1L << 40), ENTRY("none", AMQP_FIELD_KIND_VOID, i8, 0),
      ENTRY("short", AMQP_FIELD_KIND_I16, i16, 300),
      ENTRY("table", AMQP_FIELD_KIND_TABLE, table, TABLE(FLAG("deep", 1))),
      TEXT("text", "grüße"), ENTRY("tiny", AMQP_FIELD_KIND_I8, i8, -7),
      ENTRY("when", AMQP_FIELD_KIND_TIMESTAMP, u64, 1700000000), FLAG("yes", 1));
  amqp_basic_properties_t sent = {._flags = AMQP_BASIC_HEADERS_FLAG, .headers = table};
  send_with(s, "", q, "body", &sent);
  amqp_table_t got = next(s, q, true).properties.headers;
  equal(got.num_entries, table.num_entries, "headers");
  for (int at = 0; at < table.num_entries; at++) {
    char *key = string(table.entries[at].key);
    equal_text(shown(find(got, key)), shown(&table.entries[at].value), key);
  }
  close_session(s);
}

static void bodies(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  size_t sizes[] = {0, 1, 131064, 131065, 16777216};
  char *all = malloc(sizes[4]);
  for (size_t at = 0; at < sizes[4]; at++) all[at] = at;
  for (int at = 0; at < 5; at++) {
    amqp_bytes_t body = {sizes[at], all};
    amqp_basic_publish(s.c, s.ch, bytes(""), bytes(q), 0, 0, NULL, body);
    ready(s, q, 1);
    message message = next(s, q, true);
    equal(message.size, sizes[at], "size");
    equal(memcmp(message.body, all, sizes[at]), 0, "difference");
    free(message.body);
  }
  free(all);
  close_session(s);
}

static void confirm(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  amqp_basic_properties_t persistent = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                        .delivery_mode = 2};
  select_confirms(s);
  for (int count = 0; count < 200; count++) send_with(s, "", q, "x", &persistent);
  send_all(s, "", fresh("q"), "lost");
  equal(confirmed(s, 201), false, "nacked");
  ready(s, q, 200);
  close_session(s);
}

static void confirm_nack(void) {
  session s = open_session();
  char *q = queue(s, TABLE(INT("x-max-length", 1), TEXT("x-overflow", "reject-publish")));
  select_confirms(s);
  send_all(s, "", q, "1 2 3");
  equal(confirmed(s, 3), true, "nacked");
  close_session(s);
}

static void mandatory(void) {
  session s = open_session();
  amqp_basic_properties_t sent = {._flags = AMQP_BASIC_MESSAGE_ID_FLAG, .message_id = bytes("m")};
  select_confirms(s);
  amqp_basic_publish(s.c, s.ch, bytes(""), bytes(fresh("q")), 1, 0, &sent, bytes("lost"));
  amqp_frame_t frame;
  equal(await(s, &frame, LIMIT), AMQP_BASIC_RETURN_METHOD, "first method");
  amqp_basic_return_t *back = frame.payload.method.decoded;
  equal(back->reply_code, 312, "code");
  equal_text(string(back->reply_text), "NO_ROUTE", "text");
  amqp_message_t raw;
  amqp_read_message(s.c, s.ch, &raw, 0);
  equal_text(string(raw.body), "lost", "body");
  equal_text(string(raw.properties.message_id), "m", "message id");
  equal(confirmed(s, 1), false, "nacked");
  close_session(s);
}

static void tx(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  amqp_tx_select(s.c, s.ch);
  send_all(s, "", q, "undone");
  amqp_tx_rollback(s.c, s.ch);
  send_all(s, "", q, "done");
  ready(s, q, 0);
  amqp_tx_commit(s.c, s.ch);
  check(s, "tx.commit");
  holds(s, q, "done");
  close_session(s);
}

static void rpc(void) {
  session s = open_session();
  char *q = queue(s, NONE);
  inbox answers = consume(s, DIRECT_REPLY, true, false, NONE);
  amqp_basic_properties_t call = {
      ._flags = AMQP_BASIC_REPLY_TO_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG,
      .reply_to = bytes(DIRECT_REPLY), .correlation_id = bytes("call-1")};
  send_with(s, "", q, "20", &call);
  ready(s, q, 1);
  message request = next(s, q, true);
  char *to = string(request.properties.reply_to);
  if (!starts(to, DIRECT_REPLY ".")) fail("reply to %s", to);
  amqp_basic_properties_t answer = {._flags = AMQP_BASIC_CORRELATION_ID_FLAG,
                                    .correlation_id = request.properties.correlation_id};
  send_with(s, "", to, text("%d", atoi(request.body) + 1), &answer);
  expect(&answers, "21");
  equal_text(string(answers.got[0].properties.correlation_id), "call-1", "correlation id");
  close_session(s);
}

void define_messages(void) {
  scenario("properties", properties);
  scenario("headers", headers);
  scenario("bodies", bodies);
  scenario("confirm", confirm);
  scenario("confirm-nack", confirm_nack);
  scenario("mandatory", mandatory);
  scenario("tx", tx);
  scenario("rpc", rpc);
}
