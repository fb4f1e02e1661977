# The log. Seen: RabbitMQ 4.3.6, with its log in a file
$ rabbitmqctl set_log_level debug
< Setting log level to "debug" ...
$ rabbitmqctl set_log_level warning --formatter json
< {"node":"$NODE","result":"ok"}
$ rabbitmqctl set_log_level critical
< Setting log level to "critical" ...
$ rabbitmqctl set_log_level none -q
$ rabbitmqctl set_log_level info -q
$ rabbitmqctl set_log_level nope
<! Error:
<! level nope is not supported. Try one of debug, info, warning, error, critical, none
= 69
$ rabbitmqctl set_log_level
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_log_level
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_log_level <log_level>
= 64
$ rabbitmq-diagnostics log_location
< Log file location(s) on node $NODE ...
@leveret < <stdout>
@rabbitmq < {*}.log
$ rabbitmq-diagnostics log_location --all -q
@rabbitmq < {*}.log
< <stdout>
$ rabbitmq-diagnostics log_location --formatter json
<j {"result": "ok", "node_name": "$NODE", "paths": ["*"]}
$ rabbitmq-diagnostics log_location x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	log_location x
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] log_location [--all|-a] [--timeout <timeout>]
= 64
$ rabbitmq-diagnostics log_tail -N 2
< Last 2 log lines on node $NODE ...
< 20{*}
< 20{*}
$ rabbitmq-diagnostics -q log_tail --number 1
< 20{*}
$ rabbitmq-diagnostics log_tail -N 2 --formatter json
<j [{"message": "*"}, {"message": "*"}]
$ rabbitmq-diagnostics log_tail_stream --duration 1
< Streaming logs from node $NODE for 1 seconds ...
@rabbitmq < ...
$ rabbitmq-diagnostics -q log_tail_stream -d 0
@rabbitmq < ...
