# What concerns Erlang's runtime. Seen: RabbitMQ 4.3.6
$ rabbitmqctl force_gc
< Will ask all processes on node $NODE to schedule a full sweep GC
$ rabbitmqctl activate_free_disk_space_monitoring
< [Re-]activating free disk space monitoring on node $NODE...
$ rabbitmqctl list_channel_interceptors
< Listing channel interceptors ...
$ rabbitmqctl list_node_auth_attempt_stats -q
< protocol	auth_attempts	auth_attempts_failed	auth_attempts_succeeded
<~ http	{*}
$ rabbitmqctl list_node_auth_attempt_stats --by-source
< Listing authentication
<  attempts for node "$NODE" ...
< ...
$ rabbitmqctl set_channel_interceptor_priorities
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_channel_interceptor_priorities
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_channel_interceptor_priorities <interceptor> <priority> [<interceptor> <priority> ...] [--timeout <timeout>]
= 64
$ rabbitmqctl reset_stats_db
< Resetting statistics database on node $NODE
$ rabbitmqctl reset_stats_db --all
< Resetting statistics database in all nodes
$ rabbitmqctl enable_feature_flag all
< Enabling all feature flags ...
$ rabbitmqctl enable_feature_flag nope
< Enabling feature flag "nope" ...
<! Error:
<! This feature flag is not supported by node $NODE
= 64
$ rabbitmqctl enable_feature_flag
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	enable_feature_flag
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] enable_feature_flag [--opt-in] <all | feature_flag>
= 64
$ rabbitmqctl enable_feature_flag --opt-in khepri_db
< Enabling feature flag "khepri_db" ...
$ rabbitmqctl list_feature_flags nope
<! Error (argument validation): Info key(s) nope are not supported
<! Arguments given:
<! 	list_feature_flags nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_feature_flags [<column> ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_deprecated_features --formatter json
<j~ [{"name": "classic_queue_mirroring", "state": "denied", "deprecation_phase": "removed"}, {"name": "transient_nonexcl_queues", "state": "permitted", "deprecation_phase": "permitted_by_default"}]
$ rabbitmqctl check_if_any_deprecated_features_are_used
< Checking if any deprecated features are used ...
< Cluster reported no deprecated features in use
$ rabbitmqctl set_cluster_name other
< Setting cluster name to other ...
$ rabbitmqctl set_cluster_name $NODE
< Setting cluster name to $NODE ...
$ rabbitmqctl set_cluster_name
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_cluster_name
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_cluster_name <name>
= 64
$ rabbitmqctl version
< 4.3.6
$ rabbitmqctl version x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	version x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] version
= 64
% PUT /api/exchanges/$V/h {"type":"x-consistent-hash"}
% PUT /api/queues/$V/q {}
% POST /api/bindings/$V/e/h/q/q {"routing_key":"2"}
$ rabbitmq-diagnostics consistent_hash_exchange_ring_state -p $V amq.topic
< Inspecting consistent hashing ring state for exchange amq.topic in virtual host '$V'...
<! Error:
<! Exchange does not exist or is of a different type
= 65
$ rabbitmq-diagnostics consistent_hash_exchange_ring_state -p $V nope
< Inspecting consistent hashing ring state for exchange nope in virtual host '$V'...
<! Error:
<! Exchange does not exist or is of a different type
= 65
$ rabbitmq-diagnostics consistent_hash_exchange_ring_state -p $V h
< Inspecting consistent hashing ring state for exchange h in virtual host '$V'...
< Ring index: 0, queue: 'q'
< Ring index: 1, queue: 'q'
