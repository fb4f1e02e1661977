# Lists of queues, exchanges and bindings. Seen: RabbitMQ 4.3.6
% PUT /api/queues/$V/c {"durable":true,"arguments":{"x-max-length":10,"x-dead-letter-exchange":"dl"}}
% PUT /api/queues/$V/k {"durable":true,"arguments":{"x-queue-type":"quorum"}}
% PUT /api/queues/$V/s {"durable":true,"arguments":{"x-queue-type":"stream"}}
% PUT /api/queues/$V/t {"durable":true,"auto_delete":true}
% PUT /api/exchanges/$V/x {"type":"topic","durable":true,"arguments":{"alternate-exchange":"amq.fanout"}}
% PUT /api/exchanges/$V/i {"type":"headers","durable":false,"internal":true,"auto_delete":true}
% POST /api/bindings/$V/e/x/q/c {"routing_key":"a.#","arguments":{"k":"v"}}
% POST /api/bindings/$V/e/x/e/i {"routing_key":"b"}
% POST /api/exchanges/$V/amq.default/publish {"routing_key":"c","payload":"abc","payload_encoding":"string","properties":{"delivery_mode":2}}
% PUT /api/policies/$V/pol {"pattern":"^c$","definition":{"expires":100000000},"apply-to":"queues"}
$ rabbitmqctl list_queues -p $V
< Timeout: 60.0 seconds ...
< Listing queues for vhost $V ...
< name	messages
<~ t	0
<~ c	1
<~ s	0
<~ k	0
$ rabbitmqctl list_queues -p $V -q
< name	messages
<~ t	0
<~ c	1
<~ s	0
<~ k	0
$ rabbitmqctl list_queues -p $V -s
<~ t	0
<~ c	1
<~ s	0
<~ k	0
$ rabbitmqctl list_queues -p $V -t 5
< Timeout: 5.0 seconds ...
< Listing queues for vhost $V ...
< name	messages
<~ t	0
<~ c	1
<~ s	0
<~ k	0
$ rabbitmqctl list_queues -p $V -t 0
<! Error: operation list_queues on node $NODE timed out. Timeout value used: 0
= 75
$ rabbitmqctl list_queues -p $V -t infinity
<! Error (argument validation): Invalid options for this command:
<! -t : infinity
<! Arguments given:
<! 	list_queues -p $V -t infinity
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_queues [--vhost <vhost>] [--online] [--offline] [--local] [--no-table-headers] [<column>, ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_queues -p $V --no-table-headers name messages consumers
< Timeout: 60.0 seconds ...
< Listing queues for vhost $V ...
<~ t	0	0
<~ c	1	0
<~ s	0	0
<~ k	0	0
$ rabbitmqctl list_queues -p $V name,messages , consumers
< Timeout: 60.0 seconds ...
< Listing queues for vhost $V ...
< name	messages	consumers
<~ t	0	0
<~ c	1	0
<~ s	0	0
<~ k	0	0
$ rabbitmqctl list_queues -p $V name nope
<! Error (argument validation): Info key(s) nope are not supported
<! Arguments given:
<! 	list_queues -p $V name nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_queues [--vhost <vhost>] [--online] [--offline] [--local] [--no-table-headers] [<column>, ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_queues -p $V foo bar
<! Error (argument validation): Info key(s) foo,bar are not supported
<! Arguments given:
<! 	list_queues -p $V foo bar
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_queues [--vhost <vhost>] [--online] [--offline] [--local] [--no-table-headers] [<column>, ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_queues -p $V name name messages
< Timeout: 60.0 seconds ...
< Listing queues for vhost $V ...
< name	messages
<~ t	0
<~ c	1
<~ s	0
<~ k	0
$ rabbitmqctl list_queues -p $V -q name durable auto_delete arguments policy operator_policy effective_policy_definition
< name	durable	auto_delete	arguments	policy	operator_policy	effective_policy_definition
<~ t	true	true	[{"x-queue-type","classic"}]			#{}
@rabbitmq <~ c	true	false	[{"x-dead-letter-exchange","dl"},{"x-max-length",10},{"x-queue-type","classic"}]	pol		[{<<"expires">>, 100000000}]
<~ s	true	false	[{"x-queue-type","stream"}]			#{}
<~ k	true	false	[{"x-queue-type","quorum"}]			#{}
@leveret <~ c	true	false	[{"x-dead-letter-exchange","dl"},{"x-max-length",10},{"x-queue-type","classic"}]	pol		#{expires => 100000000}
$ rabbitmqctl list_queues -p $V -q name type exclusive exclusive_consumer_pid exclusive_consumer_tag consumers consumer_utilisation consumer_capacity state
< name	type	exclusive	exclusive_consumer_pid	exclusive_consumer_tag	consumers	consumer_utilisation	consumer_capacity	state
<~ t	classic	false			0	0	0	running
<~ c	classic	false			0	0	0	running
<~ s	stream				0			running
<~ k	quorum				0			running
$ rabbitmqctl list_queues -p $V -q name messages_ready messages_unacknowledged messages messages_ready_ram messages_unacknowledged_ram messages_ram messages_persistent
< name	messages_ready	messages_unacknowledged	messages	messages_ready_ram	messages_unacknowledged_ram	messages_ram	messages_persistent
<~ t	0	0	0	0	0	0	0
<~ c	1	0	1	1	0	1	1
<~ s	0	0	0
<~ k	0	0	0			0
$ rabbitmqctl list_queues -p $V -q name message_bytes message_bytes_ready message_bytes_unacknowledged message_bytes_ram message_bytes_persistent head_message_timestamp
< name	message_bytes	message_bytes_ready	message_bytes_unacknowledged	message_bytes_ram	message_bytes_persistent	head_message_timestamp
<~ t	0	0	0	0	0
<~ c	3	3	0	3	3
<~ s
@rabbitmq <~ k				0
@leveret <~ k
$ rabbitmqctl list_queues -p $V -q name leader members online owner_pid pid
< name	leader	members	online	owner_pid	pid
<~ t	$NODE	[$NODE]			<$NODE.{*}>
<~ c	$NODE	[$NODE]			<$NODE.{*}>
<~ s	$NODE	[$NODE]	[$NODE]
<~ k	$NODE	[$NODE]	[$NODE]		<$NODE.{*}>
$ rabbitmqctl list_queues -p $V -q name slave_pids synchronised_slave_pids mirrors
<! Error (argument validation): Info key(s) slave_pids,synchronised_slave_pids,mirrors are not supported
<! Arguments given:
<! 	list_queues -p $V -q name slave_pids synchronised_slave_pids mirrors
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_queues [--vhost <vhost>] [--online] [--offline] [--local] [--no-table-headers] [<column>, ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_queues -p $V -q name confirm_on storage_version queue_version
<! Error (argument validation): Info key(s) confirm_on,storage_version,queue_version are not supported
<! Arguments given:
<! 	list_queues -p $V -q name confirm_on storage_version queue_version
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_queues [--vhost <vhost>] [--online] [--offline] [--local] [--no-table-headers] [<column>, ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_queues -p $V --formatter json name messages arguments durable type policy exclusive_consumer_pid pid leader members head_message_timestamp consumer_utilisation
<j~ [{"name": "c", "messages": 1, "policy": "pol", "pid": "<text>", "type": "classic", "durable": true, "arguments": "*", "exclusive_consumer_pid": "", "head_message_timestamp": "", "consumer_utilisation": 0, "leader": "$NODE", "members": ["$NODE"]}, {"name": "s", "pid": "", "type": "stream", "consumer_utilisation": "", "leader": "$NODE", "members": ["$NODE"]}, {"name": "k", "type": "quorum", "arguments": [["x-queue-type", "longstr", "quorum"]]}, {"name": "t"}]
$ rabbitmqctl list_queues -p $V --formatter json
<j~ [{"messages": 0, "name": "t"}, {"messages": 1, "name": "c"}, {"messages": 0, "name": "s"}, {"messages": 0, "name": "k"}]
$ rabbitmqctl list_queues -p $V --formatter pretty_table name messages durable
< Timeout: 60.0 seconds ...
< Listing queues for vhost $V ...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1mname\e[0m{*}\e(0x\e(B \e[1mmessages\e[0m{*}\e(0x\e(B \e[1mdurable\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
<~ \e(0x\e(B t{*}\e(0x\e(B 0{*}\e(0x\e(B true{*}\e(0x\e(B
<~ \e(0t{*}\e(B
<~ \e(0x\e(B c{*}\e(0x\e(B 1{*}\e(0x\e(B true{*}\e(0x\e(B
<~ \e(0t{*}\e(B
<~ \e(0x\e(B s{*}\e(0x\e(B 0{*}\e(0x\e(B true{*}\e(0x\e(B
<~ \e(0t{*}\e(B
<~ \e(0x\e(B k{*}\e(0x\e(B 0{*}\e(0x\e(B true{*}\e(0x\e(B
<~ \e(0m{*}j\e(B
$ rabbitmqctl list_queues -p $V --online -q
< name	messages
<~ t	0
<~ c	1
<~ s	0
<~ k	0
$ rabbitmqctl list_queues -p $V --offline -q
$ rabbitmqctl list_queues -p $V --local -q
< name	messages
<~ t	0
<~ c	1
<~ s	0
<~ k	0
$ rabbitmqctl list_queues -p $V --online --offline
< Timeout: 60.0 seconds ...
< Listing queues for vhost $V ...
< name	messages
<~ t	0
<~ c	1
<~ s	0
<~ k	0
$ rabbitmqctl list_queues -p $V --nope
<! Error (argument validation): Invalid options for this command:
<! --nope :
<! Arguments given:
<! 	list_queues -p $V --nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_queues [--vhost <vhost>] [--online] [--offline] [--local] [--no-table-headers] [<column>, ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_queues -p $V-nope
< Timeout: 60.0 seconds ...
< Listing queues for vhost $V-nope ...
$ rabbitmqctl list_queues -p $V --online --local -q
< name	messages
<~ t	0
<~ c	1
<~ s	0
<~ k	0
$ rabbitmqctl list_unresponsive_queues -p $V
< Listing unresponsive queues for vhost $V ...
$ rabbitmqctl list_unresponsive_queues -p $V --formatter json
< [
< ]
$ rabbitmqctl list_unresponsive_queues -p $V nope
<! Error (argument validation): Info key(s) nope are not supported
<! Arguments given:
<! 	list_unresponsive_queues -p $V nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_unresponsive_queues [--local] [--queue-timeout <seconds>] [<column> ...] [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl list_unresponsive_queues -p $V name messages
<! Error (argument validation): Info key(s) messages are not supported
<! Arguments given:
<! 	list_unresponsive_queues -p $V name messages
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_unresponsive_queues [--local] [--queue-timeout <seconds>] [<column> ...] [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl list_unresponsive_queues -p $V name type arguments
<! Error (argument validation): Info key(s) type are not supported
<! Arguments given:
<! 	list_unresponsive_queues -p $V name type arguments
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_unresponsive_queues [--local] [--queue-timeout <seconds>] [<column> ...] [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl list_unresponsive_queues --all -p $V --queue-timeout 100
<! Error (argument validation): Invalid options for this command:
<! --all :
<! Arguments given:
<! 	list_unresponsive_queues --all -p $V --queue-timeout 100
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_unresponsive_queues [--local] [--queue-timeout <seconds>] [<column> ...] [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl list_exchanges -p $V
< Listing exchanges for vhost $V ...
< name	type
< 	direct
< amq.direct	direct
< amq.fanout	fanout
< amq.headers	headers
< amq.match	headers
< amq.rabbitmq.trace	topic
< amq.topic	topic
< i	headers
< x	topic
$ rabbitmqctl list_exchanges -p $V -q name type durable auto_delete internal arguments policy
< name	type	durable	auto_delete	internal	arguments	policy
< 	direct	true	false	false	[]
< amq.direct	direct	true	false	false	[]
< amq.fanout	fanout	true	false	false	[]
< amq.headers	headers	true	false	false	[]
< amq.match	headers	true	false	false	[]
< amq.rabbitmq.trace	topic	true	false	true	[]
< amq.topic	topic	true	false	false	[]
< i	headers	false	true	true	[]
< x	topic	true	false	false	[{"alternate-exchange","amq.fanout"}]
$ rabbitmqctl list_exchanges -p $V -q name user_who_performed_action
<! Error (argument validation): Info key(s) user_who_performed_action are not supported
<! Arguments given:
<! 	list_exchanges -p $V -q name user_who_performed_action
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_exchanges [--vhost <vhost>] [--no-table-headers] [<column> ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_exchanges -p $V --formatter json name type durable auto_delete internal arguments policy
<j~ [{"internal": false, "name": "", "type": "direct", "policy": "", "arguments": [], "durable": true, "auto_delete": false}, {"internal": false, "name": "amq.direct", "type": "direct", "policy": "", "arguments": [], "durable": true, "auto_delete": false}, {"internal": false, "name": "amq.fanout", "type": "fanout", "policy": "", "arguments": [], "durable": true, "auto_delete": false}, {"internal": false, "name": "amq.headers", "type": "headers", "policy": "", "arguments": [], "durable": true, "auto_delete": false}, {"internal": false, "name": "amq.match", "type": "headers", "policy": "", "arguments": [], "durable": true, "auto_delete": false}, {"internal": true, "name": "amq.rabbitmq.trace", "type": "topic", "policy": "", "arguments": [], "durable": true, "auto_delete": false}, {"internal": false, "name": "amq.topic", "type": "topic", "policy": "", "arguments": [], "durable": true, "auto_delete": false}, {"internal": true, "name": "i", "type": "headers", "policy": "", "arguments": [], "durable": false, "auto_delete": true}, {"internal": false, "name": "x", "type": "topic", "policy": "", "arguments": [["alternate-exchange", "longstr", "amq.fanout"]], "durable": true, "auto_delete": false}]
$ rabbitmqctl list_exchanges -p $V --formatter csv
< "name","type"
< "","direct"
< "amq.direct","direct"
< "amq.fanout","fanout"
< "amq.headers","headers"
< "amq.match","headers"
< "amq.rabbitmq.trace","topic"
< "amq.topic","topic"
< "i","headers"
< "x","topic"
$ rabbitmqctl list_exchanges -p $V nope
<! Error (argument validation): Info key(s) nope are not supported
<! Arguments given:
<! 	list_exchanges -p $V nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_exchanges [--vhost <vhost>] [--no-table-headers] [<column> ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_exchanges -p $V-nope
< Listing exchanges for vhost $V-nope ...
$ rabbitmqctl list_bindings -p $V
< Listing bindings for vhost $V...
< source_name	source_kind	destination_name	destination_kind	routing_key	arguments
<~ 	exchange	t	queue	t	[]
<~ 	exchange	c	queue	c	[]
<~ 	exchange	s	queue	s	[]
<~ 	exchange	k	queue	k	[]
<~ x	exchange	c	queue	a.#	[{"k","v"}]
<~ x	exchange	i	exchange	b	[]
$ rabbitmqctl list_bindings -p $V -q source_name destination_name arguments
< source_name	destination_name	arguments
<~ 	t	[]
<~ 	c	[]
<~ 	s	[]
<~ 	k	[]
<~ x	c	[{"k","v"}]
<~ x	i	[]
$ rabbitmqctl list_bindings -p $V --formatter json
<j~ [{"arguments": [], "source_name": "", "source_kind": "exchange", "destination_name": "t", "destination_kind": "queue", "routing_key": "t"}, {"arguments": [], "source_name": "", "source_kind": "exchange", "destination_name": "c", "destination_kind": "queue", "routing_key": "c"}, {"arguments": [], "source_name": "", "source_kind": "exchange", "destination_name": "s", "destination_kind": "queue", "routing_key": "s"}, {"arguments": [], "source_name": "", "source_kind": "exchange", "destination_name": "k", "destination_kind": "queue", "routing_key": "k"}, {"arguments": [["k", "longstr", "v"]], "source_name": "x", "source_kind": "exchange", "destination_name": "c", "destination_kind": "queue", "routing_key": "a.#"}, {"arguments": [], "source_name": "x", "source_kind": "exchange", "destination_name": "i", "destination_kind": "exchange", "routing_key": "b"}]
$ rabbitmqctl list_bindings -p $V nope
<! Error (argument validation): Info key(s) nope are not supported
<! Arguments given:
<! 	list_bindings -p $V nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_bindings [--vhost <vhost>] [--no-table-headers] [<column> ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_bindings -p $V-nope
< Listing bindings for vhost $V-nope...
$ rabbitmqctl list_consumers -p $V
< Listing consumers in vhost $V ...
$ rabbitmqctl list_consumers -p $V nope
<! Error (argument validation): Info key(s) nope are not supported
<! Arguments given:
<! 	list_consumers -p $V nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_consumers [--vhost <vhost>] [--no-table-headers] [<column> ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_consumers -p $V --formatter json
< [
< ]
$ rabbitmqctl list_consumers -p $V-nope
< Listing consumers in vhost $V-nope ...
$ rabbitmqctl purge_queue -p $V c
< Purging queue 'c' in vhost '$V' ...
$ rabbitmqctl purge_queue -p $V c -q
$ rabbitmqctl purge_queue -p $V nope
< Purging queue 'nope' in vhost '$V' ...
<! Object (queue, stream, exchange, etc) was not found
= 65
$ rabbitmqctl purge_queue -p $V-nope nope
< Purging queue 'nope' in vhost '$V-nope' ...
<! Object (queue, stream, exchange, etc) was not found
= 65
$ rabbitmqctl purge_queue -p $V s
< Purging queue 's' in vhost '$V' ...
<! Error:
<! not_supported
= 69
$ rabbitmqctl purge_queue -p $V
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	purge_queue -p $V
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] purge_queue <queue> [--timeout <timeout>]
= 64
$ rabbitmqctl delete_queue -p $V nope
< Deleting queue 'nope' on vhost '$V' ...
<! Error:
<! No such queue was found
= 64
$ rabbitmqctl delete_queue -p $V-nope nope
< Deleting queue 'nope' on vhost '$V-nope' ...
<! Error:
<! No such queue was found
= 64
$ rabbitmqctl delete_queue -p $V
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	delete_queue -p $V
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] delete_queue [--vhost <vhost>] <queue_name> [--if-empty|-e] [--if-unused|-u] [--force] [--timeout <timeout>]
= 64
$ rabbitmqctl delete_queue -p $V t
< Deleting queue 't' on vhost '$V' ...
< Queue was successfully deleted with 0 ready messages
% POST /api/exchanges/$V/amq.default/publish {"routing_key":"c","payload":"abc","payload_encoding":"string","properties":{"delivery_mode":2}}
% POST /api/exchanges/$V/amq.default/publish {"routing_key":"c","payload":"abc","payload_encoding":"string","properties":{"delivery_mode":2}}
$ rabbitmqctl delete_queue -p $V c --if-empty
< Deleting queue 'c' on vhost '$V' if queue is empty ...
<! Error:
<! {:amqp_error, :precondition_failed, ~c"queue 'c' in vhost '$V' not empty", :none}
= 69
$ rabbitmqctl delete_queue -p $V c --if-unused
< Deleting queue 'c' on vhost '$V' if queue is unused ...
< Queue was successfully deleted with 2 ready messages
$ rabbitmqctl delete_queue -p $V k --if-empty
< Deleting queue 'k' on vhost '$V' if queue is empty ...
<! Error:
<! {:amqp_error, :not_implemented, ~c"cannot delete queue 'k' in vhost '$V'. queue.delete operations with if-empty flag set are not supported by quorum queues", :none}
= 69
$ rabbitmqctl delete_queue -p $V k --if-unused --if-empty
< Deleting queue 'k' on vhost '$V' if queue is empty and if queue is unused ...
<! Error:
<! {:amqp_error, :not_implemented, ~c"cannot delete queue 'k' in vhost '$V'. queue.delete operations with if-unused flag set are not supported by quorum queues", :none}
= 69
$ rabbitmqctl delete_queue -p $V k
< Deleting queue 'k' on vhost '$V' ...
< Queue was successfully deleted with 0 ready messages
$ rabbitmqctl delete_queue -p $V s -q
< Queue was successfully deleted with 0 ready messages
