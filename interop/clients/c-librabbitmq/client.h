/* librabbitmq as the scenarios use it: connections, channels, messages and what is expected. */

#pragma once

#define _GNU_SOURCE

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Where things are; `vhost` and `password` may be wrong on purpose. */
typedef struct {
  const char *user, *password, *host, *vhost;
  int port, heartbeat;
} address;

/* A connection with one channel. */
typedef struct {
  amqp_connection_state_t c;
  amqp_channel_t ch;
} session;

/* A message that was got or delivered; its strings live until the program ends. */
typedef struct {
  char *body, *exchange, *key;
  size_t size;
  uint64_t tag;
  bool redelivered;
  uint32_t left;
  amqp_basic_properties_t properties;
} message;

/* A consumer that keeps what it gets. */
typedef struct {
  session s;
  amqp_bytes_t tag;
  message got[16];
  int count;
} inbox;

typedef void (*work)(void);
void scenario(const char *id, work work);
void define_connections(void);
void define_declarations(void);
void define_messages(void);
void define_consumers(void);
void define_queues(void);

extern address here, relay;

/* Ends the scenario with this reason. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void equal_text(const char *actual, const char *expected, const char *what);
void equal(int64_t actual, int64_t expected, const char *what);
void contains(const char *text, const char *part);
bool starts(const char *text, const char *start);
char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *string(amqp_bytes_t bytes);
amqp_bytes_t bytes(const char *text);
char *fresh(const char *kind);
double now(void);
/* Seconds that things may take. */
#define LIMIT 5.0
/* Asks until the answer is true. */
#define WAIT_FOR(what, question)                                       \
  for (double end = now() + LIMIT; !(question); usleep(10000))         \
    if (now() > end) fail("%s: not within %g s", what, LIMIT)

void cut(void);
void control(const char *word);

amqp_rpc_reply_t dial(address to, amqp_connection_state_t *connection);
session connect_to(address to);
session open_session(void);
amqp_channel_t channel(session s);
session fork_session(session s);
void close_session(session s);
/* The last call on the connection must have succeeded. */
void check(session s, const char *what);
/* Code and text of a close by the broker. */
void refusal(amqp_rpc_reply_t reply, int code, const char *part);
/* Expects the broker to close `own`, of late calls at the next, and nothing else. */
void refused(session own, int code, const char *part);
#define REFUSED(s, code, part, ...)         \
  do {                                      \
    session own = fork_session(s);          \
    __VA_ARGS__;                            \
    refused(own, code, part);               \
  } while (0)

/* Tables: TABLE(INT("a", 1), TEXT("b", "x")). */
#define ENTRY(name, letter, field, content) \
  ((amqp_table_entry_t){bytes(name), {.kind = letter, .value = {.field = content}}})
#define INT(name, number) ENTRY(name, AMQP_FIELD_KIND_I32, i32, number)
#define TEXT(name, string) ENTRY(name, AMQP_FIELD_KIND_UTF8, bytes, bytes(string))
#define FLAG(name, flag) ENTRY(name, AMQP_FIELD_KIND_BOOLEAN, boolean, flag)
#define ENTRIES(...) ((amqp_table_entry_t[]){__VA_ARGS__})
#define TABLE(...)                                                           \
  ((amqp_table_t){sizeof ENTRIES(__VA_ARGS__) / sizeof(amqp_table_entry_t), \
                  ENTRIES(__VA_ARGS__)})
amqp_field_value_t *find(amqp_table_t table, const char *key);
int64_t number(amqp_table_t table, const char *key);

enum { DURABLE = 1, EXCLUSIVE = 2, AUTO_DELETE = 4, PASSIVE = 8 };
void declare(session s, const char *name, int flags, amqp_table_t arguments);
void declare_exchange(session s, const char *name, const char *kind, int flags, amqp_table_t a);
/* An exclusive queue, an auto-delete exchange of a new name. */
char *queue(session s, amqp_table_t arguments);
char *exchange(session s, const char *kind, amqp_table_t arguments);
void bind_queue(session s, const char *queue, const char *exchange, const char *key);
void delete_queue(session s, const char *name);
void delete_exchange(session s, const char *name);
uint32_t messages(session s, const char *name);
void ready(session s, const char *name, uint32_t count);

void send_with(session s, const char *to, const char *key, const char *body,
               const amqp_basic_properties_t *properties);
/* Sends words, separated by a blank. */
void send_all(session s, const char *to, const char *key, const char *words);
/* The next message; false if the queue is empty. */
bool get(session s, const char *name, bool no_ack, message *to);
message next(session s, const char *name, bool no_ack);
/* Expects these words, with ! behind those that are redelivered, and no more. */
void holds(session s, const char *name, const char *words);
void ack(session s, uint64_t tag, bool multiple);
void nack(session s, uint64_t tag, bool multiple, bool requeue);
void reject(session s, uint64_t tag, bool requeue);
void select_confirms(session s);
/* Waits for a method of the broker and gives it; earlier ones of other kinds are told too. */
amqp_method_number_t await(session s, amqp_frame_t *frame, double seconds);
/* Waits for so many confirms; whether one was a nack. */
bool confirmed(session s, uint64_t count);

inbox consume(session s, const char *queue, bool no_ack, bool exclusive, amqp_table_t arguments);
/* Waits for these words, all that were ever delivered. */
void expect(inbox *inbox, const char *words);
message arrived(amqp_envelope_t *envelope);
