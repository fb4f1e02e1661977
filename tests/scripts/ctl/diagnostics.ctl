# rabbitmq-diagnostics. Seen: RabbitMQ 4.3.6
$ rabbitmq-diagnostics ping
< Will ping $NODE. This only checks if the OS process is running and registered with epmd. Timeout: 60000 ms.
< Ping succeeded
$ rabbitmq-diagnostics -q ping
< Ping succeeded
$ rabbitmq-diagnostics check_running
< Checking if RabbitMQ is running on node $NODE ...
< RabbitMQ on node $NODE is fully booted and running
$ rabbitmq-diagnostics check_running -q
< RabbitMQ on node $NODE is fully booted and running
$ rabbitmq-diagnostics check_running --formatter json
< {"message":"RabbitMQ on node $NODE is fully booted and running"}
$ rabbitmq-diagnostics check_running x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	check_running x
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] check_running [--timeout <timeout>]
= 64
$ rabbitmq-diagnostics is_running
< Asking node $NODE for its status ...
< RabbitMQ on node $NODE is fully booted and running
$ rabbitmq-diagnostics is_running --formatter json
< {"message":"RabbitMQ on node $NODE is fully booted and running","result":true}
$ rabbitmq-diagnostics is_booting
< Asking node $NODE for its boot status ...
< RabbitMQ on node $NODE is fully booted (check with is_running), stopped or has not started booting yet
$ rabbitmq-diagnostics is_booting --formatter json
< {"message":"RabbitMQ on node $NODE is fully booted (check with is_running), stopped or has not started booting yet","result":false}
$ rabbitmq-diagnostics check_local_alarms
< This command is DEPRECATED and is a no-op. It will be removed in a future version.
< Node $NODE reported no local alarms
$ rabbitmq-diagnostics check_local_alarms -q
< Node $NODE reported no local alarms
$ rabbitmq-diagnostics check_local_alarms --formatter json
< {"result":"ok"}
$ rabbitmq-diagnostics check_alarms
< Asking node $NODE to report any local resource alarms ...
< Node $NODE reported no alarms, local or clusterwide
$ rabbitmq-diagnostics check_alarms -q
< Node $NODE reported no alarms, local or clusterwide
$ rabbitmq-diagnostics check_alarms --formatter json
< {"result":"ok"}
$ rabbitmq-diagnostics alarms
< Asking node $NODE to report any known resource alarms ...
< Node $NODE reported no alarms, local or clusterwide
$ rabbitmq-diagnostics alarms --formatter json
<j~ {"node": "$NODE", "result": "ok", "alarms": []}
$ rabbitmq-diagnostics check_virtual_hosts
< Checking if all vhosts are running on node $NODE ...
< Node $NODE reported all vhosts as running
$ rabbitmq-diagnostics check_virtual_hosts --formatter json
< {"result":"ok"}
$ rabbitmq-diagnostics check_port_listener $PORT
< Asking node $NODE if there's an active listener on port $PORT ...
< A listener for port $PORT is running on node $NODE.
$ rabbitmq-diagnostics check_port_listener $PORT --formatter json
< {"node":"$NODE","port":"$PORT","result":"ok"}
$ rabbitmq-diagnostics check_port_listener 1
< Asking node $NODE if there's an active listener on port 1 ...
<! No listener for port 1 is active on node $NODE. Found listeners that use the following ports: {*}$PORT{*}
= 69
$ rabbitmq-diagnostics check_port_listener 1 --formatter json
<! {*}"listeners":[{*}
= 69
$ rabbitmq-diagnostics check_port_listener x
<! Error (argument validation): Bad argument: Argument must be a positive integer
<! Arguments given:
<! 	check_port_listener x
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] check_port_listener <port> [--timeout <timeout>]
= 65
$ rabbitmq-diagnostics check_port_listener
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	check_port_listener
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] check_port_listener <port> [--timeout <timeout>]
= 64
$ rabbitmq-diagnostics check_protocol_listener amqp
< Asking node $NODE if there's an active listener for protocol amqp ...
< A listener for protocol amqp is running on node $NODE.
$ rabbitmq-diagnostics check_protocol_listener amqp091
< Asking node $NODE if there's an active listener for protocol amqp091 ...
< A listener for protocol amqp is running on node $NODE.
$ rabbitmq-diagnostics check_protocol_listener mqtt
< Asking node $NODE if there's an active listener for protocol mqtt ...
<! Error:
<! No listener for protocol mqtt is active on node $NODE. Found listeners for the following protocols: amqp,{*} http, http/prometheus
= 69
$ rabbitmq-diagnostics check_protocol_listener http --formatter json
< {"node":"$NODE","protocol":"http","result":"ok"}
$ rabbitmq-diagnostics check_protocol_listener nope --formatter json
<! {*}"listeners":[{*}
= 69
$ rabbitmq-diagnostics check_port_connectivity
< Testing TCP connections to all active listeners on node $NODE using hostname resolution ...
<~ Will connect to {*}:$PORT
<~ Will connect to {*}:$HTTP
< Successfully connected to ports {*}$PORT{*} on node $NODE (using node hostname resolution)
$ rabbitmq-diagnostics check_port_connectivity -q
<~ Will connect to {*}:$PORT
<~ Will connect to {*}:$HTTP
< Successfully connected to ports {*}$PORT{*} on node $NODE (using node hostname resolution)
$ rabbitmq-diagnostics check_port_connectivity --formatter json
< ...
< {*}"listeners":[{*}
$ rabbitmq-diagnostics check_port_connectivity --address 127.0.0.1
< Testing TCP connections to all active listeners on node $NODE using 127.0.0.1 for node IP address ...
<~ Will connect to {*}:$PORT
<~ Will connect to {*}:$HTTP
< Successfully connected to ports {*}$PORT{*} on node $NODE (using 127.0.0.1 for target IP address)
$ rabbitmq-diagnostics listeners
< Asking node $NODE to report its protocol listeners ...
<~ Interface: {*}, port: $PORT, protocol: amqp, purpose: AMQP 0-9-1 and AMQP 1.0
<~ Interface: {*}, port: $HTTP, protocol: http, purpose: HTTP API
$ rabbitmq-diagnostics listeners --formatter json
<j~ {"node": "$NODE", "result": "ok", "listeners": [{"node": "$NODE", "port": $PORT, "protocol": "amqp", "purpose": "AMQP 0-9-1 and AMQP 1.0"}, {"protocol": "http", "port": $HTTP, "purpose": "HTTP API"}]}
$ rabbitmq-diagnostics server_version
< Asking node $NODE for its RabbitMQ version...
< 4.3.6
$ rabbitmq-diagnostics server_version -q
< 4.3.6
$ rabbitmq-diagnostics server_version --formatter json
<j~ {"value": "4.3.6", "result": "ok"}
$ rabbitmq-diagnostics erlang_version
< Asking node $NODE for its Erlang/OTP version...
< Erlang/OTP 29.1.2
$ rabbitmq-diagnostics erlang_version --formatter json
<j~ {"value": "Erlang/OTP 29.1.2", "result": "ok"}
$ rabbitmq-diagnostics memory_breakdown
< Reporting memory breakdown on node $NODE...
<~ other_system: {*} gb ({*}%)
<~ mnesia: 0.0 gb (0.0%)
$ rabbitmq-diagnostics memory_breakdown --unit mb
< Reporting memory breakdown on node $NODE...
<~ other_system: {*} mb ({*}%)
<~ mnesia: 0.0 mb (0.0%)
$ rabbitmq-diagnostics memory_breakdown --unit nope
<! Error (argument validation): "unit 'nope' is not supported. Please use one of: bytes, mb, gb"
<! Arguments given:
<! 	memory_breakdown --unit nope
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] memory_breakdown [--unit <unit>] [--timeout <timeout>]
= 64
$ rabbitmq-diagnostics memory_breakdown --formatter json
<j~ {"other_system": {"bytes": "<number>", "percentage": "<number>"}, "mnesia": {"bytes": 0, "percentage": 0}}
$ rabbitmq-diagnostics check_if_node_is_quorum_critical
< Checking if node $NODE is critical for quorum of any queues/streams ...
< Node $NODE seems to be the only one in a single node cluster, the check does not apply
$ rabbitmq-diagnostics check_if_node_is_mirror_sync_critical
< This command is DEPRECATED and is a no-op. It will be removed in a future version.
< ok
@leveret $ rabbitmq-diagnostics check_certificate_expiration --unit weeks --within 1
< Checking certificate expiration for all certificates on node $NODE ...
< No certificates are expiring within 1 week.
$ rabbitmq-diagnostics check_certificate_expiration --unit nope --within 1
<! Error (argument validation): "unit 'nope' is not supported. Please use one of: days, weeks, months, years"
<! Arguments given:
<! 	check_certificate_expiration --unit nope --within 1
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] check_certificate_expiration [--within <period>] [--unit <unit>]
= 64
$ rabbitmq-diagnostics check_certificate_expiration
< Checking certificate expiration for all certificates on node $NODE ...
< No certificates are expiring within 4 weeks.
$ rabbitmq-diagnostics check_if_metadata_store_is_initialized
< Checking if metadata store on node $NODE has finished initializing ...
< Metadata store on node $NODE has completed its initialization
$ rabbitmq-diagnostics check_if_metadata_store_is_initialized_with_data
< Checking if metadata store on node $NODE has finished initializing ...
< Metadata store on node $NODE has completed its initialization
$ rabbitmq-diagnostics check_for_quorum_queues_without_an_elected_leader --across-all-vhosts .*
< Checking leader replicas of quorum queues matching '.*' in all vhosts ...
< Node $NODE reported all quorum queue as having responsive leader replicas
$ rabbitmq-diagnostics check_for_quorum_queues_without_an_elected_leader --vhost $V .*
< Checking leader replicas of quorum queues matching '.*' in vhost $V ...
< Node $NODE reported all quorum queue as having responsive leader replicas
$ rabbitmq-diagnostics check_for_quorum_queues_without_an_elected_leader
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	check_for_quorum_queues_without_an_elected_leader
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] check_for_quorum_queues_without_an_elected_leader [--vhost <vhost>] [--across-all-vhosts] <pattern>
= 64
@leveret $ rabbitmq-diagnostics check_if_cluster_has_classic_queue_mirroring_policy
< Checking if cluster has any classic queue mirroring policy ...
< Cluster reported no classic queue mirroring policies
$ rabbitmq-diagnostics check_if_new_quorum_queue_replicas_have_finished_initial_sync
< Checking if node $NODE runs promotable replicas of any queues ...
< Node $NODE reported no queues with promotable replicas
$ rabbitmq-diagnostics resolve_hostname localhost
< Asking node $NODE to resolve hostname localhost to IPv4 addresses...
< 127.0.0.1
< ...
$ rabbitmq-diagnostics resolve_hostname nope.invalid
< Asking node $NODE to resolve hostname nope.invalid to IPv4 addresses...
<! Error:
<! Hostname does not resolve (resolution failed with an nxdomain)
= 65
$ rabbitmq-diagnostics resolve_hostname localhost --formatter json
<j~ {"hostname": "localhost", "address_family": "IPv4", "node": "$NODE", "result": "ok"}
$ rabbitmq-diagnostics certificates
< Certificates of node $NODE ...
< #{}
@leveret $ rabbitmq-diagnostics tls_versions
< Listing all TLS versions supported by the runtime...
< tlsv1.3
< tlsv1.2
@leveret $ rabbitmq-diagnostics tls_versions --formatter json
<j {"versions": ["tlsv1.3", "tlsv1.2"]}
@leveret $ rabbitmq-diagnostics cipher_suites
< Listing available cipher suites in OpenSSL format
< TLS_AES_256_GCM_SHA384
< TLS_AES_128_GCM_SHA256
< TLS_CHACHA20_POLY1305_SHA256
< ECDHE-ECDSA-AES256-GCM-SHA384
< ECDHE-RSA-AES256-GCM-SHA384
< ECDHE-ECDSA-CHACHA20-POLY1305
< ECDHE-RSA-CHACHA20-POLY1305
< ECDHE-ECDSA-AES128-GCM-SHA256
< ECDHE-RSA-AES128-GCM-SHA256
$ rabbitmq-diagnostics cipher_suites --format erlang
< Listing available cipher suites in Erlang term format
< [
< {any,aes_256_gcm,aead,sha384}
< ,{any,aes_128_gcm,aead,sha256}
< ,{any,chacha20_poly1305,aead,sha256}
< ...
$ rabbitmq-diagnostics cipher_suites --format map
< Listing available cipher suites in map format
< [
< #{cipher => aes_256_gcm,key_exchange => any,mac => aead,prf => sha384}
< ,#{cipher => aes_128_gcm,key_exchange => any,mac => aead,prf => sha256}
< ...
$ rabbitmq-diagnostics cipher_suites --format nope
<! Error (argument validation): Bad argument: Format should be either openssl, erlang or map
<! Arguments given:
<! 	cipher_suites --format nope
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] cipher_suites [--format <openssl | erlang | map>] [--all] [--timeout <timeout>]
= 65
$ rabbitmq-diagnostics check_certificate_expiration --formatter json
<j {"result": "ok"}
$ rabbitmq-diagnostics discover_peers
< Discovering peers nodes ...
< [:$NODE]
$ rabbitmq-diagnostics disable_auth_attempt_source_tracking
< Disabling authentication attempt source tracking ...
$ rabbitmq-diagnostics enable_auth_attempt_source_tracking
< Enabling authentication attempt source tracking ...
