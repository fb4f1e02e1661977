# rabbitmq-queues, rabbitmq-streams, rabbitmq-upgrade, rabbitmq-plugins, definitions. Seen: RabbitMQ 4.3.6
% PUT /api/queues/$V/c {"durable":true}
% PUT /api/queues/$V/k {"durable":true,"arguments":{"x-queue-type":"quorum"}}
% PUT /api/queues/$V/s {"durable":true,"arguments":{"x-queue-type":"stream"}}
% POST /api/exchanges/$V/amq.default/publish {"routing_key":"k","payload":"abc","payload_encoding":"string","properties":{"delivery_mode":2}}
$ rabbitmq-queues quorum_status -p $V k
< Status of queue k on node $NODE ...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1mNode Name\e[0m{*}\e(0x\e(B \e[1mRaft State\e[0m{*}\e(0x\e(B \e[1mMembership\e[0m{*}\e(0x\e(B \e[1mLast Log Index\e[0m{*}\e(0x\e(B \e[1mLast Written\e[0m{*}\e(0x\e(B \e[1mLast Applied\e[0m{*}\e(0x\e(B \e[1mCommit Index\e[0m{*}\e(0x\e(B \e[1mSnapshot Index\e[0m{*}\e(0x\e(B \e[1mTerm\e[0m{*}\e(0x\e(B \e[1mMachine Version\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B $NODE{*}\e(0x\e(B leader{*}\e(0x\e(B voter{*}
< \e(0m{*}j\e(B
$ rabbitmq-queues quorum_status -p $V k --formatter json
<j~ [{"Node Name": "$NODE", "Raft State": "leader", "Membership": "voter", "Term": 1}]
$ rabbitmq-queues quorum_status -p $V c
< Status of queue c on node $NODE ...
<! Error:
<! {:unsupported, :rabbit_classic_queue}
= 69
$ rabbitmq-queues quorum_status -p $V nope
< Status of queue nope on node $NODE ...
<! queue 'nope' was not found in virtual host '$V'
= 65
$ rabbitmq-queues quorum_status -p $V s
< Status of queue s on node $NODE ...
<! Error:
<! {:unsupported, :rabbit_stream_queue}
= 69
$ rabbitmq-queues quorum_status -p $V
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	quorum_status -p $V
<!
<! Usage
<!
<! rabbitmq-queues [--node <node>] [--longnames] [--quiet] quorum_status [--vhost <vhost>] <queue>
= 64
$ rabbitmq-queues check_if_node_is_quorum_critical
< Checking if node $NODE is critical for quorum of any queues/streams ...
< Node $NODE seems to be the only one in a single node cluster, the check does not apply
$ rabbitmq-queues check_if_node_is_mirror_sync_critical
< This command is DEPRECATED and is a no-op. It will be removed in a future version.
< ok
$ rabbitmq-queues check_if_new_quorum_queue_replicas_have_finished_initial_sync
< Checking if node $NODE runs promotable replicas of any queues ...
< Node $NODE reported no queues with promotable replicas
@leveret $ rabbitmq-queues check_if_cluster_has_classic_queue_mirroring_policy
< Checking if cluster has any classic queue mirroring policy ...
< Cluster reported no classic queue mirroring policies
@leveret $ rabbitmq-queues list_policies_with_classic_queue_mirroring
< Listing policies with classic queue mirroring ...
$ rabbitmq-queues rebalance all
< Re-balancing leaders of all queues...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1mNode name\e[0m{*}\e(0x\e(B \e[1mNumber of quorum queues\e[0m{*}\e(0x\e(B \e[1mNumber of streams\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B $NODE{*}\e(0x\e(B 1{*}\e(0x\e(B 1{*}\e(0x\e(B
< \e(0m{*}j\e(B
$ rabbitmq-queues rebalance quorum --vhost-pattern a --queue-pattern b
< Re-balancing leaders of quorum queues...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1mOutput\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B []{*}\e(0x\e(B
< \e(0m{*}j\e(B
$ rabbitmq-queues rebalance nope
<! Error:
<! type nope is not supported. Try one of all, quorum, stream.
= 69
$ rabbitmq-queues rebalance
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	rebalance
<!
<! Usage
<!
<! rabbitmq-queues [--node <node>] [--longnames] [--quiet] rebalance < all | quorum | stream > [--vhost-pattern <pattern>] [--queue-pattern <pattern>]
= 64
$ rabbitmq-queues rebalance all --formatter json
<j~ {"node": "$NODE", "value": [{"Node name": "$NODE", "Number of quorum queues": 1, "Number of streams": 1}], "result": "ok"}
$ rabbitmq-queues grow nope@localhost all
@leveret < Growing all queues on nope@localhost...
<! Error: node nope@localhost is not a member of the cluster
<! Arguments given:
<! 	grow nope@localhost all
<!
<! Usage
<!
<! rabbitmq-queues [--node <node>] [--longnames] [--quiet] grow <node> <all | even> [--vhost-pattern <pattern>] [--queue-pattern <pattern>] [--membership <promotable|voter>]
= 64
$ rabbitmq-queues grow $NODE all
< Growing all queues on $NODE...
$ rabbitmq-queues grow $NODE nope
<! Error (argument validation): "strategy 'nope' is not recognised."
<! Arguments given:
<! 	grow $NODE nope
<!
<! Usage
<!
<! rabbitmq-queues [--node <node>] [--longnames] [--quiet] grow <node> <all | even> [--vhost-pattern <pattern>] [--queue-pattern <pattern>] [--membership <promotable|voter>]
= 64
$ rabbitmq-queues shrink nope@localhost
< Shrinking queues on nope@localhost...
<! Error:
<! {:node_not_running, :nope@localhost}
= 69
$ rabbitmq-queues add_member -p $V k nope@localhost
@leveret < Adding a member for queue k on node nope@localhost...
<! Error: node nope@localhost is not a member of the cluster
<! Arguments given:
<! 	add_member -p $V k nope@localhost
<!
<! Usage
<!
<! rabbitmq-queues [--node <node>] [--longnames] [--quiet] add_member [--vhost <vhost>] <queue> <node> [--membership <promotable|voter>] [--timeout <timeout>]
= 64
$ rabbitmq-queues add_member -p $V k $NODE
< Adding a member for queue k on node $NODE...
$ rabbitmq-queues add_member -p $V c $NODE
< Adding a member for queue c on node $NODE...
<! Error:
<! {:unsupported, :rabbit_classic_queue}
= 69
$ rabbitmq-queues delete_member -p $V k nope@localhost
< Removing a replica of queue k on node nope@localhost...
$ rabbitmq-queues delete_member -p $V k $NODE
< Removing a replica of queue k on node $NODE...
<! Error:
<! last_node
= 69
$ rabbitmq-queues transfer_leadership -p $V k nope@localhost
< Transferring leadership of quorum queue k to node nope@localhost...
<! Error:
<! unknown_member
= 69
$ rabbitmq-queues peek -p $V k 1
< Peeking at quorum queue k at position 1 on node $NODE ...
<~ \e(0x\e(B \e[1mkeys\e[0m{*}\e(0x\e(B \e[1mvalues\e[0m{*}\e(0x\e(B
<~ \e(0x\e(B delivery_mode{*}\e(0x\e(B 2{*}\e(0x\e(B
<~ \e(0x\e(B routing_keys{*}\e(0x\e(B k{*}\e(0x\e(B
<~ \e(0x\e(B exchange{*}\e(0x\e(B{*}\e(0x\e(B
<~ \e(0x\e(B payload (max 64 bytes){*}\e(0x\e(B abc{*}\e(0x\e(B
$ rabbitmq-queues peek -p $V k 2
< Peeking at quorum queue k at position 2 on node $NODE ...
<! Error:
<! Target queue does not have a message at that position
= 69
$ rabbitmq-queues peek -p $V k x
<! Error (argument validation): "position value must be a positive integer"
<! Arguments given:
<! 	peek -p $V k x
<!
<! Usage
<!
<! rabbitmq-queues [--node <node>] [--longnames] [--quiet] peek [--vhost <vhost>] <queue> <position> [--timeout <timeout>]
= 64
$ rabbitmq-queues peek -p $V c 1
< Peeking at quorum queue c at position 1 on node $NODE ...
<! Error:
<! Cannot peek into a classic queue
= 69
$ rabbitmq-queues peek -p $V nope 1
< Peeking at quorum queue nope at position 1 on node $NODE ...
<! Error:
<! Target queue was not found in virtual host '$V'
= 69
$ rabbitmq-queues peek -p $V k 1 --formatter json
<j~ {"result": "ok", "message": {"delivery_mode": 2, "exchange": "", "payload (max 64 bytes)": "abc", "routing_keys": ["k"]}}
$ rabbitmq-queues reclaim_quorum_memory -p $V k
< Will garbage collect quorum queue k ...
$ rabbitmq-queues reclaim_quorum_memory -p $V c
< Will garbage collect quorum queue c ...
<! Error:
<! This operation is not applicable to classic queues
= 69
$ rabbitmq-queues reclaim_quorum_memory -p $V nope
< Will garbage collect quorum queue nope ...
<! Error:
<! Target queue was not found in virtual host '$V'
= 69
$ rabbitmq-queues force_checkpoint
< Forcing checkpoint for all matching quorum queues...
< vhost	name	result
< $V	k	{ok}
$ rabbitmq-queues grow_to_count 1 all
< Growing all quorum queues on 1 nodes...
$ rabbitmq-queues stream_status -p $V s
< Status of stream s on node $NODE ...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1mrole\e[0m{*}\e(0x\e(B \e[1mnode\e[0m{*}\e(0x\e(B \e[1mepoch\e[0m{*}\e(0x\e(B \e[1moffset\e[0m{*}\e(0x\e(B \e[1mcommitted_offset\e[0m{*}\e(0x\e(B \e[1mcommitted_chunk_id\e[0m{*}\e(0x\e(B \e[1mfirst_offset\e[0m{*}\e(0x\e(B \e[1mreaders\e[0m{*}\e(0x\e(B \e[1msegments\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B writer{*}\e(0x\e(B $NODE{*}\e(0x\e(B 1{*}\e(0x\e(B -1{*}\e(0x\e(B -1{*}\e(0x\e(B -1{*}\e(0x\e(B 0{*}\e(0x\e(B 0{*}\e(0x\e(B 1{*}\e(0x\e(B
< \e(0m{*}j\e(B
$ rabbitmq-queues stream_status -p $V s --formatter json
<j~ [{"node": "$NODE", "offset": -1, "role": "writer", "epoch": 1, "committed_offset": -1, "committed_chunk_id": -1, "first_offset": 0, "readers": 0, "segments": 1}]
$ rabbitmq-queues stream_status -p $V s --tracking
< Status of stream s on node $NODE ...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1mOutput\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B []{*}\e(0x\e(B
< \e(0m{*}j\e(B
$ rabbitmq-streams stream_status -p $V s
< Status of stream s on node $NODE ...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1mrole\e[0m{*}\e(0x\e(B \e[1mnode\e[0m{*}\e(0x\e(B \e[1mepoch\e[0m{*}\e(0x\e(B \e[1moffset\e[0m{*}\e(0x\e(B \e[1mcommitted_offset\e[0m{*}\e(0x\e(B \e[1mcommitted_chunk_id\e[0m{*}\e(0x\e(B \e[1mfirst_offset\e[0m{*}\e(0x\e(B \e[1mreaders\e[0m{*}\e(0x\e(B \e[1msegments\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B writer{*}\e(0x\e(B $NODE{*}\e(0x\e(B 1{*}\e(0x\e(B -1{*}\e(0x\e(B -1{*}\e(0x\e(B -1{*}\e(0x\e(B 0{*}\e(0x\e(B 0{*}\e(0x\e(B 1{*}\e(0x\e(B
< \e(0m{*}j\e(B
$ rabbitmq-streams stream_status -p $V c
< Status of stream c on node $NODE ...
<! Error:
<! Cannot get stream status of a classic queue
= 69
$ rabbitmq-streams stream_status -p $V nope
< Status of stream nope on node $NODE ...
<! Object (queue, stream, exchange, etc) was not found
= 65
$ rabbitmq-streams stream_status -p $V k
< Status of stream k on node $NODE ...
<! Error:
<! Cannot get stream status of a quorum queue
= 69
$ rabbitmq-streams add_replica -p $V s nope@localhost
< Adding a replica for stream s on node nope@localhost...
<! Error:
<! node_not_running
= 69
$ rabbitmq-streams add_replica -p $V s $NODE
< Adding a replica for stream s on node $NODE...
$ rabbitmq-streams add_replica -p $V c $NODE
< Adding a replica for stream c on node $NODE...
<! Error:
<! Cannot add replicas to classic queues
= 69
$ rabbitmq-streams delete_replica -p $V s nope@localhost
< Removing a replica of queue s on node nope@localhost...
<! Error:
<! Cannot delete the last member of a stream
= 69
$ rabbitmq-streams delete_replica -p $V s $NODE
< Removing a replica of queue s on node $NODE...
<! Error:
<! Cannot delete the last member of a stream
= 69
$ rabbitmq-streams restart_stream -p $V s
< Restarting stream s...
< $NODE
$ rabbitmq-streams restart_stream -p $V nope
< Restarting stream nope...
<! Object (queue, stream, exchange, etc) was not found
= 65
$ rabbitmq-streams coordinator_status
< Status of stream coordinator ...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1mNode Name\e[0m{*}\e(0x\e(B \e[1mRaft State\e[0m{*}\e(0x\e(B \e[1mMembership\e[0m{*}\e(0x\e(B \e[1mLast Log Index\e[0m{*}\e(0x\e(B \e[1mLast Written\e[0m{*}\e(0x\e(B \e[1mLast Applied\e[0m{*}\e(0x\e(B \e[1mCommit Index\e[0m{*}\e(0x\e(B \e[1mSnapshot Index\e[0m{*}\e(0x\e(B \e[1mTerm\e[0m{*}\e(0x\e(B \e[1mMachine Version\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B $NODE{*}\e(0x\e(B leader{*}\e(0x\e(B voter{*}
< \e(0m{*}j\e(B
$ rabbitmq-streams coordinator_status --formatter json
<j~ [{"Node Name": "$NODE", "Raft State": "leader", "Membership": "voter"}]
$ rabbitmq-upgrade await_online_quorum_plus_one
< Will wait for a quorum + 1 of nodes to be online for all quorum queues and streams for 120 seconds...
< Target node seems to be the only one in a single node cluster, the command does not apply
$ rabbitmq-upgrade await_online_quorum_plus_one -t 5
< Will wait for a quorum + 1 of nodes to be online for all quorum queues and streams for 5 seconds...
< Target node seems to be the only one in a single node cluster, the command does not apply
$ rabbitmq-upgrade drain
< Will put node $NODE into maintenance mode. The node will no longer serve any client traffic!
$ rabbitmq-upgrade revive
< Will put node $NODE back into regular operating mode. The node will again serve client traffic and host primary queue replicas.
$ rabbitmq-upgrade post_upgrade
< Executing post upgrade tasks...
< Rebalancing queue masters...
< [{"Node name", :$NODE}, {"Number of quorum queues", 1}, {"Number of streams", 1}]
$ rabbitmq-upgrade has_reached_target_cluster_size
< Checking if target cluster size has been reached on node $NODE ...
< Target cluster size has been reached on node $NODE
$ rabbitmq-upgrade drain x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	drain x
<!
<! Usage
<!
<! rabbitmq-upgrade [--node <node>] [--longnames] [--quiet] drain
= 64
