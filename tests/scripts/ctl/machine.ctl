# The machine of a node. Seen: RabbitMQ 4.3.6
$ rabbitmq-diagnostics os_env
< Listing RabbitMQ-specific environment variables defined on node $NODE...
<~ RABBITMQ_NODENAME=$NODE
$ rabbitmq-diagnostics os_env --formatter json
<j~ {"node": "$NODE", "result": "ok", "variables": {"RABBITMQ_NODENAME": "$NODE"}}
$ rabbitmq-diagnostics os_env x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	os_env x
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] os_env [--timeout <timeout>]
= 64
$ rabbitmq-diagnostics list_network_interfaces
< Asking node $NODE to report its network interfaces ...
<~ Interface lo
<~ addr: ::1
<~ netmask: 255.0.0.0
<~ addr: 127.0.0.1
<~ flags: up, loopback, running
$ rabbitmq-diagnostics list_network_interfaces --formatter json
<j~ {"result": "ok", "message": "Node $NODE reported network interfaces", "interfaces": {"lo": {"flags": "up, loopback, running", "addr": "::1", "hwaddr": "0:0:0:0:0:0"}}}
% PUT /api/queues/$V/q {}
$ rabbitmq-diagnostics message_size_stats --formatter json
<j~ [{"Message Size": "below 100B", "Count": "*", "Percentage": "*"}, {"Message Size": "between 100B and 1KB"}, {"Message Size": "between 1KB and 10KB"}, {"Message Size": "between 10KB and 100KB"}, {"Message Size": "between 100KB and 1MB"}, {"Message Size": "between 1MB and 10MB"}, {"Message Size": "between 10MB and 50MB"}, {"Message Size": "between 50MB and 100MB"}, {"Message Size": "above 100MB", "Count": 0, "Percentage": "0.00"}]
$ rabbitmq-diagnostics message_size_stats x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	message_size_stats x
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] message_size_stats [--timeout <timeout>]
= 64
