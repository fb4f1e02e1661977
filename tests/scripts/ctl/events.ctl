# Changes as they happen. Seen: RabbitMQ 4.3.6
$ rabbitmq-diagnostics consume_event_stream --duration 0 --pattern ^nothing
$ rabbitmq-diagnostics -q consume_event_stream -d 0 --pattern ^nothing
$ rabbitmq-diagnostics consume_event_stream -d 1 --pattern ^nothing --formatter json
<j [{"message": ""}]
# RabbitMQ prints nothing then, and says nothing.
@leveret $ rabbitmq-diagnostics consume_event_stream -d 1 --pattern (
@leveret <! Error:
@leveret <! pattern: {invalid_regexp,"(",{"missing closing parenthesis",1}}
@leveret = 69
$ rabbitmq-diagnostics consume_event_stream x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	consume_event_stream x
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] consume_event_stream [--duration|-d <seconds>] [--pattern <pattern>] [--timeout <timeout>]
= 64
