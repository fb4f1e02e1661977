# rabbitmqadmin in the syntax of its Python program. Seen: rabbitmqadmin 3.10.8, RabbitMQ 4.3.6
$ rabbitmqadmin -P $HTTP -V $V declare queue name=q durable=true
< queue declared
$ rabbitmqadmin -P $HTTP --vhost=$V declare queue name=k queue_type=quorum arguments='{"x-max-length":5}'
< queue declared
$ rabbitmqadmin -P $HTTP declare --vhost=$V queue name=q durable=false
<! *** inequivalent arg 'durable' for queue 'q' in vhost '$V': received 'false' but current is 'true'
= 1
$ rabbitmqadmin -P $HTTP -V $V declare queue
<!
<! ERROR: mandatory argument "name" is required
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP -V $V declare queue name
<!
<! ERROR: Argument "name" not in the name=value format
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP -V $V declare queue name=q nope=1
<!
<! ERROR: Argument "nope" is not recognised
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP -V $V declare queue name=q arguments=bad
<! ERROR: Could not parse JSON:
<!   bad
= 1
$ rabbitmqadmin -P $HTTP -V $V declare
<!
<! ERROR: Type not specified
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP -V $V declare nope name=q
<!
<! ERROR: Type nope not recognised
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP -V $V declare exchange name=x type=topic
< exchange declared
$ rabbitmqadmin -P $HTTP -V $V declare exchange name=y type=x-zorilla
<! *** unknown exchange type 'x-zorilla'
= 1
$ rabbitmqadmin -P $HTTP -V $V declare binding source=x destination=q routing_key=a.#
< binding declared
$ rabbitmqadmin -P $HTTP -V $V declare binding source=x destination=nope
<! *** Not found: /api/bindings/$V/e/x/q/nope
= 1
$ rabbitmqadmin -P $HTTP declare user name=$U password=p tags=management
< user declared
$ rabbitmqadmin -P $HTTP declare user name=$U
<!
<! ERROR: one of mandatory arguments "['password', 'password_hash']" is required
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP declare permission vhost=$V user=$U configure='.*' write='.*' read='.*'
< permission declared
$ rabbitmqadmin -P $HTTP -V $V declare policy name=p pattern='^q' definition='{"max-length":7}' priority=2 apply-to=queues
< policy declared
$ rabbitmqadmin -P $HTTP -V $V declare policy name=p pattern='^q' definition='{"nope":7}'
<! *** Validation failed
<!
<! [{<<"nope">>,7}] are not recognised policy settings
= 1
$ rabbitmqadmin -P $HTTP declare vhost_limit vhost=$V name=max-queues value=50
< vhost_limit declared
$ rabbitmqadmin -P $HTTP -V $V publish exchange=x routing_key=a.b payload=hello properties='{"delivery_mode":2}'
< Message published
$ rabbitmqadmin -P $HTTP -V $V publish exchange=x routing_key=b payload=hello
< Message published but NOT routed
$ rabbitmqadmin -P $HTTP -V $V publish routing_key=q
+ from the input
< Message published
$ rabbitmqadmin -P $HTTP -V $V publish exchange=nope routing_key=q payload=x
<! *** Not found: /api/exchanges/$V/nope/publish
= 1
$ rabbitmqadmin -P $HTTP -V $V -f tsv get queue=q
< routing_key	exchange	message_count	payload	payload_bytes	payload_encoding	redelivered
< a.b	x	1	hello	5	string	False
$ rabbitmqadmin -P $HTTP -V $V get queue=q ackmode=ack_requeue_false payload_file=$T/p
< +-------------+----------+---------------+---------------+-------------+
< | routing_key | exchange | message_count | payload_bytes | redelivered |
< +-------------+----------+---------------+---------------+-------------+
< | a.b         | x        | 1             | 5             | True        |
< +-------------+----------+---------------+---------------+-------------+
$ rabbitmqadmin -P $HTTP -V $V get queue=q count=5 payload_file=$T/p
<!
<! ERROR: Cannot get multiple messages using payload_file
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP -V $V list queues name durable type
< +------+---------+---------+
< | name | durable |  type   |
< +------+---------+---------+
< | k    | True    | quorum  |
< | q    | True    | classic |
< +------+---------+---------+
$ rabbitmqadmin -P $HTTP -V $V -f long list queues name durable
<
< --------------------------------------------------------------------------------
<
<    name: k
< durable: True
<
< --------------------------------------------------------------------------------
<
<    name: q
< durable: True
<
< --------------------------------------------------------------------------------
$ rabbitmqadmin -P $HTTP -V $V -f kvp list queues name durable
< name="k" durable="True"
< name="q" durable="True"
$ rabbitmqadmin -P $HTTP -V $V -f bash list queues
< k q
$ rabbitmqadmin -P $HTTP -V $V -f tsv -q list queues name
< k
< q
$ rabbitmqadmin -P $HTTP -V $V -f raw_json list queues name
< [{"name":"k"},{"name":"q"}]
$ rabbitmqadmin -P $HTTP -V $V -f pretty_json list queues name
< [
<   {
<     "name": "k"
<   },
<   {
<     "name": "q"
<   }
< ]
# The Python program ends with a stack trace.
@leveret $ rabbitmqadmin -P $HTTP -V $V -f nope list queues name
<!
<! ERROR: Format nope not recognised
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP -V $V -f tsv -S name -R list queues name
< name
< q
< k
$ rabbitmqadmin -P $HTTP -V $V list bindings
< +--------+-------------+-------------+
< | source | destination | routing_key |
< +--------+-------------+-------------+
< |        | k           | k           |
< |        | q           | q           |
< | x      | q           | a.#         |
< +--------+-------------+-------------+
$ rabbitmqadmin -P $HTTP -V $V list exchanges
< +--------------------+---------+
< |        name        |  type   |
< +--------------------+---------+
< |                    | direct  |
< | amq.direct         | direct  |
< | amq.fanout         | fanout  |
< | amq.headers        | headers |
< | amq.match          | headers |
< | amq.rabbitmq.trace | topic   |
< | amq.topic          | topic   |
< | x                  | topic   |
< +--------------------+---------+
$ rabbitmqadmin -P $HTTP -V $V list consumers
< No items
$ rabbitmqadmin -P $HTTP list nope
<!
<! ERROR: Don't know how to list nope
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP -V $V-nope list queues
<! *** Not found: /api/queues/$V-nope?columns=name,messages
= 1
$ rabbitmqadmin -P $HTTP list policies
< +{*}
< |{*}vhost{*}| name | apply-to |    definition     | pattern | priority |
< +{*}
< | $V{*} | p    | queues   | {"max-length": 7} | ^q      | 2        |
< +{*}
$ rabbitmqadmin -P $HTTP -V $V purge queue name=q
< queue purged
$ rabbitmqadmin -P $HTTP -V $V purge queue name=nope
<! *** Not found: /api/queues/$V/nope/contents
= 1
$ rabbitmqadmin -P $HTTP close connection name=nope
<! *** Not found: /api/connections/nope
= 1
$ rabbitmqadmin -P $HTTP -V $V export $T/d.json
< Exported definitions for localhost to "$T/d.json"
$ rabbitmqadmin -P $HTTP -V $V import $T/d.json
< Uploaded definitions from "localhost" to $T/d.json. The import process may take some time. Consult server logs to track progress.
$ rabbitmqadmin -P $HTTP -V $V -q export $T/d.json
$ rabbitmqadmin -P $HTTP -V $V export
<!
<! ERROR: Exactly one argument required
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP -V $V delete binding source=x destination_type=queue destination=q properties_key=a.%23
< binding deleted
$ rabbitmqadmin -P $HTTP -V $V delete queue name=q
< queue deleted
$ rabbitmqadmin -P $HTTP -V $V delete queue name=q
<! *** Not found: /api/queues/$V/q
= 1
$ rabbitmqadmin -P $HTTP -V $V -q delete queue name=k
$ rabbitmqadmin -P $HTTP -V $V delete exchange name=amq.direct
<! *** Access refused: /api/exchanges/$V/amq.direct
= 1
$ rabbitmqadmin -P $HTTP -V $V delete policy name=p
< policy deleted
$ rabbitmqadmin -P $HTTP delete user name=$U
< user deleted
$ rabbitmqadmin -P $HTTP -u guest -p wrong list queues
<! *** Access refused: /api/queues?columns=name,messages
= 1
$ rabbitmqadmin -P 1 list queues
<! *** Could not connect: [Errno 111] Connection refused
= 1
$ rabbitmqadmin -P $HTTP
<!
<! ERROR: Action not specified
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -P $HTTP nope
<!
<! ERROR: Action nope not understood
<!
<! rabbitmqadmin --help for help
= 1
$ rabbitmqadmin -U http://guest:guest@localhost:$HTTP -V $V list queues
< No items
$ rabbitmqadmin -P $HTTP help nope
<!
<! ERROR: help topic must be one of:
<!   subcommands
<!   config
<!
<! rabbitmqadmin --help for help
= 1
