# Listeners that are suspended: no port is open, and the list of them stays. Seen: RabbitMQ 4.3.6
$ rabbitmqctl suspend_listeners
< Will suspend client connection listeners on node $NODE. The node will no longer accept client connections!
$ rabbitmq-diagnostics -q check_port_listener $PORT
< A listener for port $PORT is running on node $NODE.
$ rabbitmq-diagnostics -q check_protocol_listener amqp
< A listener for protocol amqp is running on node $NODE.
$ rabbitmq-diagnostics -q check_running
< RabbitMQ on node $NODE is fully booted and running
$ rabbitmq-diagnostics -q check_port_connectivity
<~ Error connecting to localhost:$HTTP: econnrefused
<~ Error connecting to localhost:$PORT: econnrefused
<! Error:
<! Connection to ports of the following listeners on node $NODE failed:
<! ...
<! Interface: 127.0.0.1, port: $PORT, protocol: amqp, purpose: AMQP 0-9-1 and AMQP 1.0
<! ...
= 69
$ rabbitmqctl suspend_listeners
< Will suspend client connection listeners on node $NODE. The node will no longer accept client connections!
$ rabbitmqctl suspend_listeners x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	suspend_listeners x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] suspend_listeners
= 64
$ rabbitmqctl resume_listeners
< Will resume client connection listeners on node $NODE. The node will now accept client connections
$ rabbitmqctl resume_listeners --formatter json
< {"node":"$NODE","result":"ok"}
$ rabbitmq-diagnostics -q check_port_connectivity
< ...
< Successfully connected to ports {*} on node $NODE (using node hostname resolution)
& queue.declare queue="q"
% GET /api/queues/$V/q
