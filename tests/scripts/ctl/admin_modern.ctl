# rabbitmqadmin in the newer syntax. Seen: rabbitmqadmin 2.29.0, RabbitMQ 4.3.6
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V declare queue --name q --type quorum --durable true
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V queues declare --name c
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V declare queue --name c --durable false
<! inequivalent arg 'durable' for queue 'c' in vhost '$V': received 'false' but current is 'true'
= 65
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V declare exchange --name x --type topic
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V exchanges declare --name y --type fanout --durable false
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V declare binding --source x --destination-type queue --destination c --routing-key a.#
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V publish message --exchange x --routing-key a.b --payload hello
< Message published and routed successfully
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V publish message --exchange x --routing-key none --payload hello
< Message published but NOT routed
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V get messages --queue c --count 1
< 5  false  x  a.b  0    hello  string
$ rabbitmqadmin --port $HTTP --vhost $V --table-style ascii get messages --queue c --count 1
< +---------------+-------------+----------+-------------+---------------+------------+---------+------------------+
< | payload_bytes | redelivered | exchange | routing_key | message_count | properties | payload | payload_encoding |
< +---------------+-------------+----------+-------------+---------------+------------+---------+------------------+
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V queues list --columns name,messages,durable
< c  true
< q  true
$ rabbitmqadmin --port $HTTP --vhost $V --table-style ascii queues list --columns name,messages,durable
< +------+---------+
< | name | durable |
< +------+---------+
< | c    | true    |
< +------+---------+
< | q    | true    |
< +------+---------+
$ rabbitmqadmin --port $HTTP --vhost $V --table-style markdown queues list --columns name,messages
< | name |
< |------|
< | c    |
< | q    |
$ rabbitmqadmin --port $HTTP --vhost $V --table-style psql exchanges list
<  name               | vhost{*}| exchange_type | durable | auto_delete | arguments
< --------------------+{*}
<~  amq.direct         | $V{*}| direct        | true    | false       |
<~  y                  | $V{*}| fanout        | false   | false       |
$ rabbitmqadmin --port $HTTP --vhost $V --table-style modern queues list --columns name,messages
< ╭──────╮
< │ name │
< ├──────┤
< │ c    │
< │ q    │
< ╰──────╯
$ rabbitmqadmin --port $HTTP --vhost $V --table-style dots queues list --columns name,messages
< ........
< : name :
< :......:
< : c    :
< :......:
< : q    :
< :......:
$ rabbitmqadmin --port $HTTP --vhost $V --table-style sharp queues list --columns name,messages
< ┌──────┐
< │ name │
< ├──────┤
< │ c    │
< │ q    │
< └──────┘
$ rabbitmqadmin --port $HTTP --vhost $V --table-style borderless queues list --columns name,messages
<  name
<  c
<  q
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V bindings list
<~ $V{*}  q  queue  q{*} q
<~ $V{*}x  c  queue  a.#{*} a.%23
$ rabbitmqadmin --non-interactive --port $HTTP vhosts list
<~ /{*}Default virtual host  classic
<~ $V{*}classic
$ rabbitmqadmin --non-interactive --port $HTTP users list
<~ guest{*}administrator  {*}
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V permissions list
<~ guest  /{*}.*  .*  .*
<~ guest  $V{*}.*  .*  .*
$ rabbitmqadmin --non-interactive --port $HTTP declare user --name $U --password pw --tags management
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V declare permissions --user $U --configure .* --read .* --write .*
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V declare policy --name p --pattern ^q --apply-to queues --definition '{"max-length":7}'
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V declare policy --name p --pattern ^q --apply-to queues --definition '{"nope":7}'
<! Validation failed
<!
<! [{<<"nope">>,7}] are not recognised policy settings
= 65
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V policies list
< p  $V  ^q  queues  0  max-length: 7,
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V declare vhost_limit --name max-queues --value 50
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V purge queue --name c
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V purge queue --name nope
<! API responded with a 404 Not Found
= 65
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V delete policy --name p
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V delete queue --name nope
<! API responded with a 404 Not Found
= 65
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V delete queue --name nope --idempotently
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V queues delete --name q
$ rabbitmqadmin --non-interactive --port $HTTP --vhost $V delete exchange --name x
$ rabbitmqadmin --non-interactive --port $HTTP delete user --name $U
$ rabbitmqadmin --non-interactive --port $HTTP health_check local_alarms
< health check passed
$ rabbitmqadmin --non-interactive --port $HTTP health_check cluster_wide_alarms
< health check passed
$ rabbitmqadmin --non-interactive --port $HTTP health_check port_listener --port $PORT
< health check passed
$ rabbitmqadmin --non-interactive --port $HTTP health_check port_listener --port 1
< result         health check failed
< path           health/checks/port-listener/1
< status_code    503 Service Unavailable
< reason         No active listener
< inactive port  1
= 69
$ rabbitmqadmin --non-interactive --port $HTTP health_check protocol_listener --protocol amqp
< health check passed
$ rabbitmqadmin --non-interactive --port $HTTP definitions export --file $T/v2.json
$ rabbitmqadmin --non-interactive --port $HTTP definitions import --file $T/v2.json
$ rabbitmqadmin --non-interactive --port $HTTP -u guest -p wrong queues list
<! Not_Authorized
= 65
$ rabbitmqadmin --non-interactive --port 1 queues list
<! Encountered an error when performing an HTTP request: error sending request for url (http://localhost:1/api/queues/%2F)
= 65
$ rabbitmqadmin --non-interactive --port $HTTP nope list
<! error: unrecognized subcommand 'nope'
<! ...
= 2
$ rabbitmqadmin --non-interactive --port $HTTP declare queue name=q
<! error: unexpected argument 'name=q' found
<! ...
= 2
$ rabbitmqadmin --non-interactive --port $HTTP declare queue
<! error: the following required arguments were not provided:
<!   --name <name>
<!
<! Usage: rabbitmqadmin declare queue --name <name>
<!
<! For more information, try '--help'.
= 2
$ rabbitmqadmin --non-interactive --port $HTTP show overview
<~ Product name{*}RabbitMQ
<~ RabbitMQ version{*}4.3.6
