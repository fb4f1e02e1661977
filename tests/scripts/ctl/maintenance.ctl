# A node under maintenance: no port is open, it runs, and it says so. Seen: RabbitMQ 4.3.6
$ rabbitmq-upgrade drain
< Will put node $NODE into maintenance mode. The node will no longer serve any client traffic!
$ rabbitmq-upgrade drain --formatter json
< {"node":"$NODE","result":"ok"}
$ rabbitmq-diagnostics -q check_running
< RabbitMQ on node $NODE is fully booted and running
$ rabbitmq-diagnostics -q check_port_connectivity
<~ Error connecting to localhost:$HTTP: econnrefused
<~ Error connecting to localhost:$PORT: econnrefused
<! Error:
<! ...
= 69
$ rabbitmqctl status --formatter json
<j~ {"is_under_maintenance": true}
$ rabbitmqctl cluster_status --formatter json
<j~ {"maintenance_status": {"$NODE": "marked for maintenance"}}
# Listeners are one thing, maintenance is another.
$ rabbitmqctl -q resume_listeners
% GET /api/nodes
$ rabbitmqctl status --formatter json
<j~ {"is_under_maintenance": true}
$ rabbitmq-upgrade revive
< Will put node $NODE back into regular operating mode. The node will again serve client traffic and host primary queue replicas.
$ rabbitmq-upgrade revive --formatter json
< {"node":"$NODE","result":"ok"}
$ rabbitmqctl status --formatter json
<j~ {"is_under_maintenance": false}
$ rabbitmqctl cluster_status --formatter json
<j~ {"maintenance_status": {"$NODE": "not under maintenance"}}
$ rabbitmqctl -q suspend_listeners
$ rabbitmqctl status --formatter json
<j~ {"is_under_maintenance": false}
$ rabbitmqctl -q resume_listeners
