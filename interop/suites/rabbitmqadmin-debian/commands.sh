# Each subcommand and format of rabbitmqadmin 3.10 against the broker on localhost; a line of TAP
# for each. What is expected is what RabbitMQ 4.3.6 makes it print.
set -uo pipefail

export HOME=$PWD
export TMPDIR=$PWD
number=0

# expect STATUS NAME PATTERN ARGUMENT...: rabbitmqadmin exits with the status and prints what the
# shell's pattern says.
expect() {
  local status=$1 name=$2 pattern=$3 output got result=ok
  shift 3
  output=$(rabbitmqadmin "$@" 2>&1)
  got=$?
  # shellcheck disable=SC2053
  [[ $got == "$status" && $output == $pattern ]] || result='not ok'
  number=$((number + 1))
  printf '%s %d - %s\n' "$result" "$number" "$name"
  [[ $result == ok ]] || printf '# rc %s, expected %s\n%s\n---\n%s\n' \
    "$got" "$status" "$output" "$pattern" | sed '2,$s/^/#  /'
}

prints() { expect 0 "$@"; }
fails() { expect 1 "$@"; }

lines() { printf '%s\n' "$@"; }

prints 'version' 'rabbitmqadmin 3.10.8' --version
prints 'help subcommands' '*list connections*declare queue*' help subcommands
prints 'help config' '*Configuration File*' help config
prints 'bash completion' '*complete*' --bash-completion
fails 'unknown action' '*Action nope not understood*' nope
fails 'wrong password' '\*\*\* Access refused: /api/queues*' -u guest -p wrong list queues
fails 'refused connection' '\*\*\* Could not connect*' -P 1 list queues

# What there is in the beginning; other suites may have left something in the default vhost.
prints 'show overview' "$(lines \
  $'rabbitmq_version\tcluster_name\tqueue_totals.messages\tobject_totals.queues' \
  $'4.3.6\t*\t[0-9]*')" -f tsv show overview
prints 'list vhosts' '*name*messages*| / *' list vhosts
prints 'declare vhost' 'vhost declared' declare vhost name=own tracing=false
prints 'list users' $'name\ttags*guest\tadministrator*' -f tsv list users name tags
prints 'list users, every column' '*| guest | rabbit_password_hashing_sha256 | * | administrator |*' \
  list users
prints 'list permissions' "$(lines $'vhost\tconfigure\tread\tuser\twrite' '*' \
  $'own\t.\*\t.\*\tguest\t.\**')" -f tsv list permissions
prints 'list exchanges' "$(lines '+--------------------+---------+' \
  '|        name        |  type   |' '+--------------------+---------+' \
  '|                    | direct  |' '| amq.direct         | direct  |' \
  '| amq.fanout         | fanout  |' '| amq.headers        | headers |' \
  '| amq.match          | headers |' '*' '+--------------------+---------+')" -V own list exchanges
prints 'list nodes' '*| *@* | disc | [0-9]*' list nodes
prints 'list queues, none' 'No items' -V own list queues
prints 'list bindings, none' 'No items' -V own list bindings
prints 'list connections, none' 'No items' list connections
prints 'list channels, none' 'No items' list channels
prints 'list consumers, none' 'No items' list consumers
prints 'list parameters, none' 'No items' list parameters
prints 'list policies, none' 'No items' list policies
prints 'list operator policies, none' 'No items' list operator_policies
prints 'list vhost limits, none' 'No items' list vhost_limits
fails 'list of unknown things' "*Don't know how to list nope*" list nope
fails 'list in an unknown vhost' '\*\*\* Not found: /api/queues/nope*' -V nope list queues

# Everything that can be declared.
prints 'declare user' 'user declared' declare user name=hare password=form tags=management,extra
prints 'declare user with a hash' 'user declared' declare user name=doe \
  password_hash=kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR \
  hashing_algorithm=rabbit_password_hashing_sha256 tags=
fails 'declare user without tags' '*mandatory argument "tags" is required*' declare user name=x \
  password=y
prints 'declare permission' 'permission declared' declare permission vhost=own user=hare \
  configure='.*' write='.*' read='^q'
fails 'declare permission of an unknown user' '\*\*\* *vhost_or_user_not_found*' \
  declare permission vhost=own user=nope configure='' write='' read=''
prints 'list permissions with a user' "$(lines $'vhost\tuser\tread' '*' \
  $'own\thare\t^q*')" -f tsv list permissions vhost user read
prints 'declare exchange' 'exchange declared' -V own declare exchange name=topics type=topic
prints 'declare exchange with arguments' 'exchange declared' -V own declare exchange name=x \
  type=fanout auto_delete=true durable=false internal=true \
  arguments='{"alternate-exchange":"topics"}'
fails 'declare exchange of another type' \
  "\*\*\* inequivalent arg 'type' for exchange 'topics' in vhost 'own': received 'fanout' but current is 'topic'*" \
  -V own declare exchange name=topics type=fanout
fails 'declare exchange of an unknown type' "\*\*\* unknown exchange type 'x-zorilla'*" \
  -V own declare exchange name=y type=x-zorilla
fails 'declare a reserved exchange' '\*\*\* Access refused: /api/exchanges/own/amq.mine' \
  -V own declare exchange name=amq.mine type=fanout
prints 'declare queue' 'queue declared' -V own declare queue name=q
prints 'declare quorum queue' 'queue declared' -V own declare queue name=k queue_type=quorum
prints 'declare stream' 'queue declared' -V own declare queue name=s queue_type=stream
prints 'declare queue with arguments' 'queue declared' -V own declare queue name=a \
  auto_delete=true durable=true arguments='{"x-max-length":5,"x-overflow":"reject-publish"}'
fails 'declare queue that differs' \
  "\*\*\* inequivalent arg 'durable' for queue 'q' in vhost 'own': received 'false' but current is 'true'*" \
  -V own declare queue name=q durable=false
fails 'declare queue on an unknown node' '\*\*\* Node x@y is not a cluster member*' \
  -V own declare queue name=n node=x@y
fails 'declare queue without a name' '*mandatory argument "name" is required*' declare queue
fails 'declare queue in an unknown vhost' '\*\*\* Not found: /api/queues/nope/q' \
  -V nope declare queue name=q
prints 'declare binding' 'binding declared' -V own declare binding source=topics destination=q \
  routing_key='a.#'
prints 'declare binding with arguments' 'binding declared' -V own declare binding source=topics \
  destination=k routing_key=b arguments='{"z":1}'
prints 'declare binding of an exchange' 'binding declared' -V own declare binding source=topics \
  destination=x destination_type=exchange routing_key=c
fails 'declare binding of an unknown queue' '\*\*\* Not found: /api/bindings/own/e/topics/q/nope' \
  -V own declare binding source=topics destination=nope
prints 'declare policy' 'policy declared' -V own declare policy name=p pattern='^q' \
  definition='{"max-length":7}' priority=2 apply-to=queues
fails 'declare a wrong policy' '\*\*\* Validation failed*are not recognised policy settings*' \
  -V own declare policy name=w pattern='^q' definition='{"foo":7}'
prints 'declare operator policy' 'operator_policy declared' -V own declare operator_policy name=o \
  pattern='^q' definition='{"max-length":4}' apply-to=queues
prints 'declare vhost limit' 'vhost_limit declared' declare vhost_limit vhost=own name=max-queues \
  value=50
fails 'declare an unknown parameter' '\*\*\* Validation failed*component nope not found*' \
  -V own declare parameter component=nope name=n value=1

# Everything that can be listed, with what there is now, and each format.
prints 'list queues' "$(lines '+------+----------+' '| name | messages |' '+------+----------+' \
  '| a    | *' '| k    | *' '| q    | *' '| s    | *' \
  '+------+----------+')" -V own list queues
prints 'list queues, as tsv' "$(lines $'name\ttype\tdurable\tauto_delete\targuments.x-max-length' \
  $'a\tclassic\tTrue\tTrue\t5' $'k\tquorum\tTrue\tFalse\t' $'q\tclassic\tTrue\tFalse\t' \
  $'s\tstream\tTrue\tFalse\t')" -V own -d 2 -f tsv list queues name type durable auto_delete \
  arguments.x-max-length
prints 'list queues, as pairs' "$(lines 'name="a" type="classic"' 'name="k" type="quorum"' \
  'name="q" type="classic"' 'name="s" type="stream"')" -V own -f kvp list queues name type
prints 'list queues, for bash' 'a k q s' -V own -f bash list queues
prints 'list queues, as JSON' '\[{"name":"a"},{"name":"k"},{"name":"q"},{"name":"s"}\]' \
  -V own -f raw_json list queues name
prints 'list queues, as pretty JSON' "$(lines '\[' '  {' '    "name": "a"' '  },*' '\]')" \
  -V own -f pretty_json list queues name
prints 'list queues, long' '*name: a*name: k*name: q*name: s*' -V own -f long list queues name
prints 'list queues, sorted' "$(lines name s q k a)" -V own -f tsv -S name -R list queues name
prints 'list exchanges, some columns' "$(lines \
  $'name\ttype\tdurable\tinternal\tauto_delete' '*' $'topics\ttopic\tTrue\tFalse\tFalse' \
  $'x\tfanout\tFalse\tTrue\tTrue')" \
  -V own -f tsv list exchanges name type durable internal auto_delete
prints 'list bindings' "$(lines $'source\tdestination\tdestination_type\trouting_key\tproperties_key' \
  $'\ta\tqueue\ta\ta' $'\tk\tqueue\tk\tk' $'\tq\tqueue\tq\tq' $'\ts\tqueue\ts\ts' \
  $'topics\tk\tqueue\tb\tb~*' $'topics\tq\tqueue\ta.#\ta.%23' \
  $'topics\tx\texchange\tc\tc')" -V own -f tsv list bindings source destination \
  destination_type routing_key properties_key
prints 'list policies' "$(lines $'vhost\tname\tapply-to\tdefinition\tpattern\tpriority' \
  $'own\tp\tqueues\t{"max-length": 7}\t^q\t2')" -V own -f tsv list policies
prints 'list operator policies' "$(lines $'vhost\tname\tapply-to\tdefinition\tpattern\tpriority' \
  $'own\to\tqueues\t{"max-length": 4}\t^q\t0')" -V own -f tsv list operator_policies
prints 'list vhost limits' "$(lines $'vhost\tvalue' $'own\t{"max-queues": 50}')" \
  -f tsv list vhost_limits
prints 'list vhosts, some columns' $'name\ttracing*own\tFalse*' -f tsv list vhosts name tracing
prints 'list nodes, some columns' "$(lines $'name\ttype\trunning' $'*@*\tdisc\tTrue')" \
  -f tsv list nodes name type running

# Messages.
prints 'publish' 'Message published' -V own publish exchange=topics routing_key=a.b payload=hello \
  properties='{"delivery_mode":2,"headers":{"h":1}}'
prints 'publish to nowhere' 'Message published but NOT routed' -V own publish exchange=topics \
  routing_key=none payload=lost
prints 'publish to the default exchange' 'Message published' -V own publish routing_key=q \
  payload=aGVsbG8= payload_encoding=base64
fails 'publish to an unknown exchange' '\*\*\* Not found: /api/exchanges/own/nope/publish' \
  -V own publish exchange=nope routing_key=a payload=x
head=$'routing_key\texchange\tmessage_count\tpayload\tpayload_bytes\tpayload_encoding'
prints 'get' "$(lines "$head"$'\tredelivered' \
  $'a.b\ttopics\t1\thello\t5\tstring\tFalse')" -V own -f tsv get queue=q
prints 'get two' "$(lines "$head"$'\tproperties\tredelivered' \
  $'a.b\ttopics\t1\thello\t5\tstring\t\tTrue' $'q\t\t0\thello\t5\tstring\t\tFalse')" \
  -V own -f tsv get queue=q count=5
prints 'get, with every property' '*properties.delivery_mode: 2*properties.headers.h: 1*' \
  -V own -d 3 -f long get queue=q
prints 'get base64' '*aGVsbG8=*base64*' -V own -f tsv get queue=q encoding=base64
rm -f payload.bin
prints 'get into a file' '*a.b*' -V own -f tsv get queue=q payload_file=payload.bin
number=$((number + 1))
[[ $(cat payload.bin) == hello ]] && result=ok || result='not ok'
printf '%s %d - the file has the payload\n' "$result" "$number"
prints 'get and acknowledge' '*hello*' -V own get queue=q ackmode=ack_requeue_false
prints 'get and reject' '*hello*' -V own get queue=q ackmode=reject_requeue_true
fails 'get of an unknown queue' '\*\*\* Not found: /api/queues/own/nope/get' -V own get queue=nope
prints 'purge' 'queue purged' -V own purge queue name=q
prints 'get of nothing' 'No items' -V own get queue=q
fails 'purge of an unknown queue' '\*\*\* Not found: /api/queues/own/nope/contents' \
  -V own purge queue name=nope

# A connection.
amqp-consume --url=amqp://guest:guest@localhost:5672/own --queue=q cat >consumed.log 2>&1 &
consumer=$!
connection=
for _ in $(seq 100); do
  connection=$(rabbitmqadmin -f tsv list connections name channels 2>/dev/null)
  consumers=$(rabbitmqadmin -f tsv list consumers 2>/dev/null)
  [[ $connection == *'->'*$'\t1' && $consumers == *ack_required* ]] && break
  sleep 0.2
done
connection=$(rabbitmqadmin -f tsv list connections name | tail -n 1)
prints 'list connections' "$(lines $'name\tuser\tchannels' $'* -> *:[0-9]*\tguest\t1')" \
  -f tsv list connections
prints 'list channels' "$(lines $'name\tuser' $'* -> *:[0-9]* (1)\tguest')" -f tsv list channels
prints 'list consumers' "$(lines $'queue.name\tack_required\texclusive\tactivity_status' \
  $'q\tTrue\tFalse\tup')" -V own -d 2 -f tsv list consumers queue.name ack_required exclusive \
  activity_status
prints 'close connection' 'connection closed' -V own close connection "name=$connection"
number=$((number + 1))
wait "$consumer" && result='not ok' || result=ok
printf '%s %d - the client is closed\n' "$result" "$number"
fails 'close an unknown connection' '\*\*\* Not found: /api/connections/nope' \
  close connection name=nope

# Definitions.
prints 'export' 'Exported definitions for localhost to "all.json"' export all.json
prints 'export of a vhost' 'Exported definitions for localhost to "own.json"' -V own export own.json
prints 'import' 'Uploaded definitions from "localhost" to all.json. *' import all.json
prints 'import into a vhost' 'Uploaded definitions from "localhost" to own.json. *' \
  -V own import own.json
printf 'no JSON' >broken.json
fails 'import of what is no JSON' '\*\*\* *failed_to_parse_json*' import broken.json

# Everything that can be deleted.
prints 'delete binding' 'binding deleted' -V own delete binding source=topics \
  destination_type=queue destination=q properties_key=a.%23
fails 'delete binding again' '\*\*\* Not found: *' -V own delete binding source=topics \
  destination_type=queue destination=q properties_key=a.%23
prints 'delete queue' 'queue deleted' -V own delete queue name=k
fails 'delete queue again' '\*\*\* Not found: /api/queues/own/k' -V own delete queue name=k
prints 'delete exchange' 'exchange deleted' -V own delete exchange name=topics
fails 'delete a reserved exchange' '\*\*\* Access refused: /api/exchanges/own/amq.direct' \
  -V own delete exchange name=amq.direct
prints 'delete policy' 'policy deleted' -V own delete policy name=p
fails 'delete policy again' '\*\*\* Not found: /api/policies/own/p' -V own delete policy name=p
prints 'delete operator policy' 'operator_policy deleted' -V own delete operator_policy name=o
prints 'delete vhost limit' 'vhost_limit deleted' delete vhost_limit vhost=own name=max-queues
fails 'delete an unknown parameter' '\*\*\* Not found: /api/parameters/nope/own/n' \
  -V own delete parameter component=nope name=n
prints 'delete permission' 'permission deleted' delete permission vhost=own user=hare
prints 'delete user' 'user deleted' delete user name=hare
fails 'delete user again' '\*\*\* Not found: /api/users/hare' delete user name=hare
prints 'delete vhost' 'vhost deleted' delete vhost name=own
fails 'delete vhost again' '\*\*\* Not found: /api/vhosts/own' delete vhost name=own
printf '1..%d\n' "$number"
