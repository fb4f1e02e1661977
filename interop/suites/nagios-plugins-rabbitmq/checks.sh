# Each plugin of nagios-plugins-rabbitmq against the broker on localhost; a line of TAP for each
# call. What is expected is what RabbitMQ 4.3.6 makes it print.
set -uo pipefail

number=0
api=http://localhost:15672/api

ask() { curl --silent --fail --user guest:guest --header 'content-type: application/json' "$@"; }

report() {
  number=$((number + 1))
  printf '%s %d - %s\n' "$1" "$number" "$2"
}

# expect STATUS NAME PATTERN PLUGIN ARGUMENT...: the plugin exits with the status, 0 well, 1 warning,
# 2 critical, and prints what the shell's pattern says.
expect() {
  local status=$1 name=$2 pattern=$3 plugin=$4 output got result=ok
  shift 4
  output=$("check_rabbitmq_$plugin" -H localhost --port 15672 "$@" 2>&1)
  got=$?
  # shellcheck disable=SC2053
  [[ $got == "$status" && $output == $pattern ]] || result='not ok'
  report "$result" "$plugin, $name"
  [[ $result == ok ]] || printf '# rc %s, expected %s\n%s\n---\n%s\n' \
    "$got" "$status" "$output" "$pattern" | sed '2,$s/^/#  /'
}

node=$(ask "$api/overview" | grep -o '"node":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
ask --request PUT --data '{"durable":true}' "$api/queues/%2F/jobs" >/dev/null
ask --request DELETE "$api/queues/%2F/jobs/contents"
for _ in 1 2 3; do
  ask --data '{"properties":{},"routing_key":"jobs","payload":"x","payload_encoding":"string"}' \
    "$api/exchanges/%2F/amq.default/publish" >/dev/null
done
amqp-consume --url=amqp://guest:guest@localhost:5672 --queue=jobs --prefetch-count=1 \
  sleep 100 >/dev/null 2>&1 &
consumer=$!
trap "kill $consumer" EXIT
# RabbitMQ counts in its own time.
for _ in $(seq 100); do
  seen=$(ask "$api/queues/%2F/jobs?columns=messages,messages_unacknowledged,consumers")
  listed=$(ask "$api/connections?columns=recv_oct_details.rate")
  totals=$(ask "$api/overview?columns=queue_totals.messages")
  [[ $seen == *'"messages":3'* && $seen == *'"messages_unacknowledged":1'* &&
    $seen == *'"consumers":1'* && $listed == *rate* && $totals == *'"messages":3'* ]] && break
  sleep 0.2
done

expect 0 'well' 'RABBITMQ_ALIVENESS OK - vhost: /' aliveness
expect 3 'unknown vhost' 'RABBITMQ_ALIVENESS UNKNOWN - Not found: nope' aliveness --vhost nope
expect 3 'wrong password' 'RABBITMQ_ALIVENESS UNKNOWN - Access refused: /' aliveness -p wrong
expect 0 'well' 'RABBITMQ_QUEUE OK - messages OK (3) messages_ready OK (2) messages_unacknowledged OK (1) consumers OK (1) | messages=3;; messages_ready=2;; messages_unacknowledged=1;; consumers=1;;' \
  queue --queue jobs
expect 1 'warning' 'RABBITMQ_QUEUE WARNING - messages WARNING (3), *messages=3;2;*' queue --queue jobs -w 2,-1,-1,-1
expect 2 'critical' 'RABBITMQ_QUEUE CRITICAL - messages_unacknowledged CRITICAL (1), *messages_unacknowledged=1;;0 *' \
  queue --queue jobs -c '-1,-1,0,-1'
expect 2 'unknown queue' 'RABBITMQ_QUEUE CRITICAL - Not Found : http://localhost:15672/api/queues/%2F/nope' \
  queue --queue nope
expect 2 'wrong password' 'RABBITMQ_QUEUE CRITICAL - Access Refused : *' queue --queue jobs -p wrong
expect 0 'well' 'RABBITMQ_OVERVIEW OK - messages OK ([0-9]*) messages_ready OK ([0-9]*) messages_unacknowledged OK ([0-9]*) | *' \
  overview
expect 1 'warning' 'RABBITMQ_OVERVIEW WARNING - messages WARNING ([0-9]*), *messages=[0-9]*;2;*' overview -w 2,-1,-1
expect 2 'critical' 'RABBITMQ_OVERVIEW CRITICAL - messages CRITICAL ([0-9]*), *messages=[0-9]*;;1 *' overview -c 1,-1,-1
expect 0 'well' 'RABBITMQ_OBJECTS OK - Gathered Object Counts | vhost=[0-9]*;; exchange=[0-9]*;; binding=[0-9]*;; queue=[0-9]*;; channel=[0-9]*;;' \
  objects
expect 0 'well' 'RABBITMQ_CONNECTIONS OK - connections OK (1) connections_notrunning OK (0) receive_rate OK (*) send_rate OK (*) | *' \
  connections
expect 2 'critical' 'RABBITMQ_CONNECTIONS CRITICAL - connections CRITICAL (1), *connections=1;;0 *' \
  connections -c 0,-1,-1,-1
expect 0 'of another user' 'RABBITMQ_CONNECTIONS OK - connections OK (0) *' connections \
  --clientuser nope
expect 3 'unknown node' 'RABBITMQ_PARTITION UNKNOWN - Not found' partition -n nope
expect 3 'unknown node' 'RABBITMQ_WATERMARK UNKNOWN - Not found' watermark -n nope
expect 3 'unknown node' 'RABBITMQ_SERVER UNKNOWN - Not found: nodes/rabbit@nope' server -n nope
# These three put `rabbit@` before the name.
if [[ $node == rabbit@* ]]; then
  host=${node#rabbit@}
  expect 0 'well' 'RABBITMQ_PARTITION OK - No Partitions' partition -n "$host"
  expect 0 'well' 'RABBITMQ_WATERMARK OK - mem_alarm disk_free_alarm*' watermark -n "$host"
  # RabbitMQ 4 counts no sockets any more, and the plugin divides by their number.
  expect 2 'well' 'RABBITMQ_SERVER CRITICAL - Unable to get values for Sockets | Memory=*' \
    server -n "$host"
else
  for plugin in partition watermark server; do
    report ok "$plugin, well # SKIP the node is called $node"
  done
fi
expect 2 'no plugin for them' 'RABBITMQ_SHOVELS CRITICAL - API error: 404 Not Found' shovels
ask --request DELETE "$api/queues/%2F/jobs"
printf '1..%d\n' "$number"
