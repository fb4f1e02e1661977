/* The protocol with the runner, and checks. */

#include "client.h"

#include <arpa/inet.h>
#include <setjmp.h>

address here, relay;
static struct {
  const char *id;
  work work;
} scenarios[80];
static int scenario_count;
static jmp_buf out;
static char reason[600];

void scenario(const char *id, work work) {
  scenarios[scenario_count].id = id;
  scenarios[scenario_count++].work = work;
}

void fail(const char *format, ...) {
  va_list parts;
  va_start(parts, format);
  vsnprintf(reason, sizeof reason, format, parts);
  va_end(parts);
  longjmp(out, 1);
}

char *text(const char *format, ...) {
  char *made = NULL;
  va_list parts;
  va_start(parts, format);
  if (vasprintf(&made, format, parts) < 0) abort();
  va_end(parts);
  return made;
}

void equal_text(const char *actual, const char *expected, const char *what) {
  if (strcmp(actual, expected)) fail("%s: \"%s\", not \"%s\"", what, actual, expected);
}

void equal(int64_t actual, int64_t expected, const char *what) {
  if (actual != expected) fail("%s: %ld, not %ld", what, actual, expected);
}

void contains(const char *text, const char *part) {
  if (!strstr(text, part)) fail("\"%s\" is not in \"%s\"", part, text);
}

bool starts(const char *text, const char *start) { return !strncmp(text, start, strlen(start)); }

char *string(amqp_bytes_t bytes) { return text("%.*s", (int)bytes.len, (char *)bytes.bytes); }

amqp_bytes_t bytes(const char *text) { return amqp_cstring_bytes(text); }

double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

char *fresh(const char *kind) {
  static int number;
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  return text("interop-%s-%lx-%lx-%x-%x", kind, at.tv_sec, at.tv_nsec, getpid(), ++number);
}

/* Connects to the `host:port` of a variable. */
static int knock(const char *variable) {
  char *door = strdup(getenv(variable)), *port = strrchr(door, ':');
  *port++ = 0;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, door, &to.sin_addr);
  int file = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(file, (struct sockaddr *)&to, sizeof to)) fail("nobody at %s", variable);
  return file;
}

void cut(void) { close(knock("AMQP_CUT")); }

void control(const char *word) {
  int door = knock("AMQP_CONTROL");
  char answer[300] = "";
  if (dprintf(door, "%s\n", word) < 0 || read(door, answer, sizeof answer - 1) < 0) {
    fail("the control door is shut");
  }
  close(door);
  equal_text(answer, "ok\n", word);
}

/* Reads amqp://user:password@host:port/… */
static address read_uri(const char *variable) {
  struct amqp_connection_info info;
  if (amqp_parse_url(strdup(getenv(variable)), &info)) fail("%s is no URI", variable);
  return (address){info.user, info.password, info.host, "/", info.port, 0};
}

static work named(const char *id) {
  for (int at = 0; at < scenario_count; at++) {
    if (!strcmp(scenarios[at].id, id)) return scenarios[at].work;
  }
  return NULL;
}

int main(int count, char **ids) {
  setlinebuf(stdout);
  if (setjmp(out)) {
    puts(reason);
    return 1;
  }
  here = read_uri("AMQP_URI");
  relay = read_uri("AMQP_RELAY_URI");
  define_connections();
  define_declarations();
  define_messages();
  define_consumers();
  define_queues();
  for (int at = 1; at < count; at++) {
    work work = named(ids[at]);
    if (!work) {
      printf("fail %s this client has no such scenario\n", ids[at]);
    } else if (setjmp(out)) {
      for (char *c = reason; *c; c++) *c = *c == '\n' ? ' ' : *c;
      printf("%s\n", starts(reason, "skip ") ? text("skip %s %s", ids[at], reason + 5)
                                             : text("fail %s %s", ids[at], reason));
    } else {
      work();
      printf("ok %s\n", ids[at]);
    }
  }
  return 0;
}
