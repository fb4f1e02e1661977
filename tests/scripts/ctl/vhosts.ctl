# Virtual hosts: metadata, limits, tracing, protection. Seen: RabbitMQ 4.3.6
$ rabbitmqctl add_vhost $V-2
< Adding vhost "$V-2" ...
$ rabbitmqctl add_vhost $V-2
< Adding vhost "$V-2" ...
$ rabbitmqctl add_vhost $V-2 -q
$ rabbitmqctl delete_vhost $V-2
< Deleting vhost "$V-2" ...
$ rabbitmqctl delete_vhost $V-2
< Deleting vhost "$V-2" ...
<! Virtual host '$V-2' does not exist
= 65
$ rabbitmqctl delete_vhost
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	delete_vhost
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] delete_vhost <vhost>
= 64
$ rabbitmqctl add_vhost
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	add_vhost
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] add_vhost <vhost> [--description <description> --tags "<tag1>,<tag2>,<...>" --default-queue-type <quorum|classic|stream>]
= 64
$ rabbitmqctl add_vhost a b
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	add_vhost a b
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] add_vhost <vhost> [--description <description> --tags "<tag1>,<tag2>,<...>" --default-queue-type <quorum|classic|stream>]
= 64
$ rabbitmqctl add_vhost $V-2 --description 'a b' --tags a,b --default-queue-type quorum
< Adding vhost "$V-2" ...
$ rabbitmqctl add_vhost $V-3 --default-queue-type nope
<! Error (argument validation): Bad argument: Default queue type must be one of: quorum, stream, classic. Provided: nope
<! Arguments given:
<! 	add_vhost $V-3 --default-queue-type nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] add_vhost <vhost> [--description <description> --tags "<tag1>,<tag2>,<...>" --default-queue-type <quorum|classic|stream>]
= 65
$ rabbitmqctl list_vhosts -q name description tags default_queue_type protected_from_deletion tracing metadata cluster_state
< name	description	tags	default_queue_type	protected_from_deletion	tracing	metadata	cluster_state
<~ /	Default virtual host	[]	classic	false	false	#{default_queue_type => classic, description => Default virtual host, tags => []}	[{$NODE, running}]
<~ $V-2	a b	[a, b]	quorum	false	false	#{default_queue_type => quorum, description => a b, tags => [a, b]}	[{$NODE, running}]
<~ $V		[]	classic	false	false	#{default_queue_type => classic, description => , tags => []}	[{$NODE, running}]
$ rabbitmqctl list_vhosts -q
< name
<~ /
<~ $V-2
<~ $V
$ rabbitmqctl list_vhosts -s
<~ /
<~ $V-2
<~ $V
$ rabbitmqctl list_vhosts name
< Listing vhosts ...
< name
<~ /
<~ $V-2
<~ $V
$ rabbitmqctl list_vhosts nope
<! Error (argument validation): Info key(s) nope are not supported
<! Arguments given:
<! 	list_vhosts nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_vhosts [--no-table-headers] [<column> ...] [--timeout <timeout>]
= 64
$ rabbitmqctl list_vhosts name,tracing
< Listing vhosts ...
< name	tracing
<~ /	false
<~ $V-2	false
<~ $V	false
$ rabbitmqctl list_vhosts name name
< Listing vhosts ...
< name
<~ /
<~ $V-2
<~ $V
$ rabbitmqctl list_vhosts --formatter json
<j~ [{"name": "/"}, {"name": "$V-2"}, {"name": "$V"}]
$ rabbitmqctl list_vhosts --formatter json name tags description metadata default_queue_type cluster_state protected_from_deletion tracing
<j~ [{"name": "/", "description": "Default virtual host", "metadata": {"description": "Default virtual host", "tags": [], "default_queue_type": "classic"}, "tags": [], "default_queue_type": "classic", "protected_from_deletion": false, "tracing": false, "cluster_state": {"$NODE": "running"}}, {"name": "$V-2", "description": "a b", "metadata": {"description": "a b", "tags": ["a", "b"], "default_queue_type": "quorum"}, "tags": ["a", "b"], "default_queue_type": "quorum", "protected_from_deletion": false, "tracing": false, "cluster_state": {"$NODE": "running"}}, {"name": "$V", "description": "", "metadata": {"description": "", "tags": [], "default_queue_type": "classic"}, "tags": [], "default_queue_type": "classic", "protected_from_deletion": false, "tracing": false, "cluster_state": {"$NODE": "running"}}]
$ rabbitmqctl list_vhosts --formatter csv name tracing
< "name","tracing"
<~ "/","false"
<~ "$V-2","false"
<~ "$V","false"
$ rabbitmqctl list_vhosts --formatter pretty_table name tracing
< Listing vhosts ...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1mname\e[0m{*}\e(0x\e(B \e[1mtracing\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B /{*}\e(0x\e(B false{*}\e(0x\e(B
< \e(0t{*}\e(B
<~ \e(0x\e(B $V-2{*}\e(0x\e(B false{*}\e(0x\e(B
<~ \e(0t{*}\e(B
<~ \e(0x\e(B $V{*}\e(0x\e(B false{*}\e(0x\e(B
<~ \e(0m{*}j\e(B
$ rabbitmqctl set_vhost_tags $V-2 x y
< Setting tags for virtual host "$V-2" to [x, y] ...
$ rabbitmqctl set_vhost_tags $V-2
< Setting tags for virtual host "$V-2" to [] ...
$ rabbitmqctl set_vhost_tags $V-nope x
< Setting tags for virtual host "$V-nope" to [x] ...
<! Error:
<! Virtual host "$V-nope" does not exist
= 65
$ rabbitmqctl update_vhost_metadata $V-2 --description d
< Updating metadata of vhost "$V-2" ...
$ rabbitmqctl update_vhost_metadata $V-2 --tags q,r --default-queue-type stream
< Updating metadata of vhost "$V-2" ...
$ rabbitmqctl update_vhost_metadata $V-2 --default-queue-type nope
<! Error (argument validation): Bad argument: Default queue type must be one of: quorum, stream, classic. Provided: nope
<! Arguments given:
<! 	update_vhost_metadata $V-2 --default-queue-type nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] update_vhost_metadata <vhost> [--description=<description>] [--tags="<tag1>,<tag2>,<...>"] [--default-queue-type=<quorum|classic|stream>] [--protected-from-deletion=<true|false>]
= 65
$ rabbitmqctl update_vhost_metadata $V-2
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	update_vhost_metadata $V-2
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] update_vhost_metadata <vhost> [--description=<description>] [--tags="<tag1>,<tag2>,<...>"] [--default-queue-type=<quorum|classic|stream>] [--protected-from-deletion=<true|false>]
= 64
$ rabbitmqctl update_vhost_metadata $V-nope --description d
< Updating metadata of vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl update_vhost_metadata $V-2 --protected-from-deletion true
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	update_vhost_metadata $V-2 --protected-from-deletion true
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] update_vhost_metadata <vhost> [--description=<description>] [--tags="<tag1>,<tag2>,<...>"] [--default-queue-type=<quorum|classic|stream>] [--protected-from-deletion=<true|false>]
= 64
$ rabbitmqctl delete_vhost $V-2
< Deleting vhost "$V-2" ...
$ rabbitmqctl disable_vhost_deletion_protection $V-2
< Removing deletion protection from virtual host "$V-2" by updating its metadata...
<! Virtual host '$V-2' does not exist
= 65
$ rabbitmqctl disable_vhost_deletion_protection $V-nope
< Removing deletion protection from virtual host "$V-nope" by updating its metadata...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl enable_vhost_deletion_protection $V-2
< Protecting virtual host "$V-2" from removal by updating its metadata...
<! Virtual host '$V-2' does not exist
= 65
$ rabbitmqctl enable_vhost_deletion_protection $V-nope
< Protecting virtual host "$V-nope" from removal by updating its metadata...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl enable_vhost_deletion_protection
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	enable_vhost_deletion_protection
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] enable_vhost_deletion_protection <vhost>
= 64
$ rabbitmqctl list_vhosts -q name description tags default_queue_type protected_from_deletion
< name	description	tags	default_queue_type	protected_from_deletion
< /	Default virtual host	[]	classic	false
< $V		[]	classic	false
$ rabbitmqctl disable_vhost_deletion_protection $V-2
< Removing deletion protection from virtual host "$V-2" by updating its metadata...
<! Virtual host '$V-2' does not exist
= 65
$ rabbitmqctl delete_vhost $V-2
< Deleting vhost "$V-2" ...
<! Virtual host '$V-2' does not exist
= 65
$ rabbitmqctl trace_on -p $V
< Starting tracing for vhost "$V" ...
< Trace enabled for vhost $V
$ rabbitmqctl trace_on -p $V -q
< Trace enabled for vhost $V
$ rabbitmqctl list_vhosts -q name tracing
< name	tracing
< /	false
< $V	true
$ rabbitmqctl trace_off -p $V
< Stopping tracing for vhost "$V" ...
< Trace disabled for vhost $V
$ rabbitmqctl trace_on -p $V-nope
< Starting tracing for vhost "$V-nope" ...
< Trace enabled for vhost $V-nope
$ rabbitmqctl trace_off -p $V-nope
< Stopping tracing for vhost "$V-nope" ...
< Trace disabled for vhost $V-nope
$ rabbitmqctl restart_vhost -p $V
< Trying to restart vhost '$V' on node '$NODE' ...
< Vhost '$V' is already running on node '$NODE'
$ rabbitmqctl restart_vhost -p $V-nope
< Trying to restart vhost '$V-nope' on node '$NODE' ...
<! Error:
<! Failed to start vhost '$V-nope' on node '$NODE'Reason: {:no_such_vhost, "$V-nope"}
= 70
$ rabbitmqctl restart_vhost x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	restart_vhost x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] restart_vhost [--vhost <vhost>] [--timeout <timeout>]
= 64
$ rabbitmqctl reconcile_vhosts
< Will try to initiate virtual host reconciliation on all reachable cluster nodes...
$ rabbitmqctl set_vhost_limits -p $V '{"max-queues": 10}'
< Setting vhost limits to "{"max-queues": 10}" for vhost "$V" ...
$ rabbitmqctl set_vhost_limits -p $V '{"nope":5}'
< Setting vhost limits to "{"nope":5}" for vhost "$V" ...
<! Error:
<! Validation failed
<!
<! Unrecognised terms [{<<"nope">>,5}] in limits
= 69
$ rabbitmqctl set_vhost_limits -p $V 'bad'
< Setting vhost limits to "bad" for vhost "$V" ...
<! Error:
<! Could not parse JSON document: {error,{failed_to_decode_json,<<"bad">>}}
= 69
$ rabbitmqctl set_vhost_limits -p $V '{"max-queues":"x"}'
< Setting vhost limits to "{"max-queues":"x"}" for vhost "$V" ...
<! Error:
<! Validation failed
<!
<! max-queues should be a number, actually was <<"x">>
= 69
$ rabbitmqctl set_vhost_limits -p $V-nope '{"max-queues":5}'
< Setting vhost limits to "{"max-queues":5}" for vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl set_vhost_limits -p $V
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_vhost_limits -p $V
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_vhost_limits [--vhost <vhost>] <definition>
= 64
$ rabbitmqctl list_vhost_limits -p $V
< Listing limits for vhost "$V" ...
< {"max-queues":10}
$ rabbitmqctl list_vhost_limits -p $V --formatter json
<j~ {"node": "$NODE", "value": "{\"max-queues\":10}", "result": "ok"}
$ rabbitmqctl list_vhost_limits -p $V-nope
< Listing limits for vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl list_vhost_limits --global
< Listing limits for all vhosts ...
< vhost	limits
< $V	{"max-queues":10}
$ rabbitmqctl list_vhost_limits --global --formatter json
<j~ [{"vhost": "$V", "limits": "{\"max-queues\":10}"}]
$ rabbitmqctl list_vhost_limits
< Listing limits for vhost "/" ...
$ rabbitmqctl clear_vhost_limits -p $V
< Clearing vhost "$V" limits ...
$ rabbitmqctl clear_vhost_limits -p $V-nope
< Clearing vhost "$V-nope" limits ...
<! Error:
<! Parameter does not exist
= 69
$ rabbitmqctl clear_vhost_limits -p $V x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	clear_vhost_limits -p $V x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] clear_vhost_limits [--vhost <vhost>]
= 64
$ rabbitmqctl list_vhost_limits -p $V
< Listing limits for vhost "$V" ...
$ rabbitmqctl list_vhost_limits -p $V --formatter json
< []
