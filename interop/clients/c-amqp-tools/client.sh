#!/usr/bin/env bash
# The commands of amqp-tools, which are thin around librabbitmq.
set -uo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
url=(--url "$AMQP_URI")

fresh() { echo "interop-q-$$-$RANDOM$RANDOM"; }

# fail TEXT...: ends the scenario, which runs in a subshell.
fail() {
  echo "$*" >"$work/reason"
  exit 1
}

equal() { [[ $1 == "$2" ]] || fail "'$1', not '$2'"; }

# A durable queue that goes when the scenario ends.
queue() {
  queue=$(fresh)
  amqp-declare-queue "${url[@]}" --queue "$queue" --durable >/dev/null || fail "no queue"
  trap 'amqp-delete-queue "${url[@]}" --queue "$queue" >/dev/null' EXIT
}

publish() { amqp-publish "${url[@]}" --routing-key "$queue" "$@" || fail "not published"; }

get() { amqp-get "${url[@]}" --queue "$queue"; }

tools-declare() {
  local name
  name=$(fresh)
  equal "$(amqp-declare-queue "${url[@]}" --queue "$name" --durable)" "$name"
  amqp-publish "${url[@]}" --routing-key "$name" --body x
  equal "$(amqp-delete-queue "${url[@]}" --queue "$name")" 1
}

tools-publish() {
  queue
  publish --persistent --content-type text/plain --body "hello"
  equal "$(get)" hello
  get
  equal $? 2
}

tools-lines() {
  queue
  printf 'one\ntwo\nthree\n' | publish --line-buffered
  # each body ends with its line end
  equal "$(amqp-consume "${url[@]}" --queue "$queue" --count 3 cat)" $'one\ntwo\nthree'
}

tools-binary() {
  queue
  head --bytes 1048576 /dev/urandom >"$work/sent"
  publish <"$work/sent"
  get >"$work/received"
  cmp --silent "$work/sent" "$work/received" || fail "other bytes came back"
}

tools-exchange() {
  local key consumer
  key=$(fresh)
  amqp-consume "${url[@]}" --exchange amq.topic --routing-key "$key.#" --count 1 cat \
    >"$work/received" 2>/dev/null &
  consumer=$!
  for ((try = 0; try < 200; try++)); do
    amqp-publish "${url[@]}" --exchange amq.topic --routing-key "$key.a" --body hello
    kill -0 "$consumer" 2>/dev/null || break
  done
  wait "$consumer" || fail "the consumer failed"
  equal "$(cat "$work/received")" hello
}

tools-refused() {
  local wrong=${AMQP_URI/:guest@/:wrong@} text
  text=$(amqp-publish --url "$wrong" --routing-key x --body x 2>&1) && fail "logged in"
  [[ $text == *ACCESS_REFUSED* || $text == *403* ]] || fail "told: $text"
  text=$(amqp-get "${url[@]}" --queue "$(fresh)" 2>&1) && fail "got a message"
  [[ $text == *"NOT_FOUND - no queue"* ]] || fail "told: $text"
}

# control WORD: asks the runner for trouble with the broker, and waits until it is done.
control() {
  local answer
  exec 3<>"/dev/tcp/${AMQP_CONTROL%:*}/${AMQP_CONTROL##*:}" || fail "no control door"
  echo "$1" >&3
  read -r answer <&3
  exec 3>&-
  equal "$answer" ok
}

tools-restart() {
  queue
  publish --persistent --body one
  publish --persistent --body two
  control restart
  equal "$(get)" one
  equal "$(get)" two
}

for scenario in "$@"; do
  if (declare -F "$scenario" >/dev/null && "$scenario" >/dev/null); then
    echo "ok $scenario"
  else
    echo "fail $scenario $(cat "$work/reason" 2>/dev/null || echo "no such scenario")"
  fi
  rm -f "$work/reason"
done
