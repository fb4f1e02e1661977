# Connections, channels, consumers, and how connections are closed. Seen: RabbitMQ 4.3.6
% PUT /api/queues/$V/q {"durable":true}
& basic.qos prefetch-count=5
& confirm.select
& basic.consume queue='q' consumer-tag='ct' arguments={x-priority: 2}
$ rabbitmqctl list_connections -q user vhost state channels protocol auth_mechanism ssl channel_max
< user	vhost	state	channels	protocol	auth_mechanism	ssl	channel_max
<~ guest	$V	running	1	{0,9,1}	PLAIN	false	2047
$ rabbitmqctl list_connections
< Listing connections ...
< user	peer_host	peer_port	state
<~ guest	127.0.0.1	{*}	running
$ rabbitmqctl list_connections -s pid name client_properties
<~ <$NODE.{*}>	127.0.0.1:{*} -> 127.0.0.1:$PORT	[{"capabilities",[{{*}]
$ rabbitmqctl list_connections --formatter json user vhost host port peer_host protocol frame_max timeout ssl_cipher
<j~ [{"user": "guest", "vhost": "$V", "host": [127, 0, 0, 1], "port": $PORT, "peer_host": [127, 0, 0, 1], "protocol": [0, 9, 1], "frame_max": 131072, "timeout": 0, "ssl_cipher": ""}]
$ rabbitmqctl list_connections nope
<! Error (argument validation): Info key(s) nope are not supported
<! Arguments given:
<! 	list_connections nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_connections [--no-table-headers] [<column> ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_channels -q
< pid	user	consumer_count	messages_unacknowledged
<~ <$NODE.{*}>	guest	1	0
$ rabbitmqctl list_channels -s connection name number confirm transactional prefetch_count acks_uncommitted messages_uncommitted messages_unconfirmed vhost
<~ <$NODE.{*}>	127.0.0.1:{*} -> 127.0.0.1:$PORT (1)	1	true	false	5	0	0	0	$V
$ rabbitmqctl list_consumers -p $V
< Listing consumers in vhost $V ...
< queue_name	channel_pid	consumer_tag	ack_required	prefetch_count	active	arguments
< q	<$NODE.{*}>	ct	true	5	true	[{"x-priority",2}]
$ rabbitmqctl list_consumers -p $V -q arguments activity_status queue_name
< queue_name	activity_status	arguments
< q	up	[{"x-priority",2}]
$ rabbitmqctl list_queues -p $V -q name consumers consumer_capacity
< name	consumers	consumer_capacity
< q	1	1{*}
$ rabbitmqctl delete_queue -p $V q --if-unused
< Deleting queue 'q' on vhost '$V' if queue is unused ...
<! Error:
<! {:amqp_error, :precondition_failed, ~c"queue 'q' in vhost '$V' in use", :none}
= 69
$ rabbitmqctl close_connection nope why
< Closing connection nope, reason: why...
<! Error:
<! Error:
<! {:invalid_pid_syntax, "nope"}
= 69
$ rabbitmqctl close_all_connections -p $V-nope why
< Closing all connections in vhost $V-nope, reason: why...
< Closed 0 connections
$ rabbitmqctl close_all_connections -p $V why --limit 1
< Closing 1 connections in vhost $V, reason: why...
< Closed 1 connections
$ rabbitmqctl list_consumers -p $V
< Listing consumers in vhost $V ...
$ rabbitmqctl close_all_connections -p $V why
< Closing all connections in vhost $V, reason: why...
# A client that has not answered counts again with RabbitMQ.
< Closed {*} connections
$ rabbitmqctl close_all_user_connections nope-nope why
< Closing connections of user nope-nope, reason: why...
$ rabbitmqctl close_connection
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	close_connection
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] close_connection <connection pid> <explanation>
= 64
