# rabbitmq-plugins. Seen: RabbitMQ 4.3.6
$ rabbitmq-plugins set rabbitmq_management rabbitmq_prometheus rabbitmq_consistent_hash_exchange -q
< ...
$ rabbitmq-plugins list -e
< Listing plugins with pattern ".*" ...
<  Configured: E = explicitly enabled; e = implicitly enabled
<  | Status: * = running on $NODE
<  |/
< [E*] rabbitmq_consistent_hash_exchange 4.3.6
< [E*] rabbitmq_management               4.3.6
< [e*] rabbitmq_management_agent         4.3.6
< [E*] rabbitmq_prometheus               4.3.6
< [e*] rabbitmq_web_dispatch             4.3.6
$ rabbitmq-plugins list -E
< Listing plugins with pattern ".*" ...
<  Configured: E = explicitly enabled; e = implicitly enabled
<  | Status: * = running on $NODE
<  |/
< [E*] rabbitmq_consistent_hash_exchange 4.3.6
< [E*] rabbitmq_management               4.3.6
< [E*] rabbitmq_prometheus               4.3.6
$ rabbitmq-plugins list -e -m
< Listing plugins with pattern ".*" ...
< rabbitmq_consistent_hash_exchange
< rabbitmq_management
< rabbitmq_management_agent
< rabbitmq_prometheus
< rabbitmq_web_dispatch
$ rabbitmq-plugins list -E -m
< Listing plugins with pattern ".*" ...
< rabbitmq_consistent_hash_exchange
< rabbitmq_management
< rabbitmq_prometheus
$ rabbitmq-plugins list -m -v
<! Error (argument validation): Bad argument: Cannot set both verbose and minimal
<! Arguments given:
<! 	list -m -v
<!
<! Usage
<!
<! rabbitmq-plugins [--node <node>] [--longnames] [--quiet] list [pattern] [--verbose] [--minimal] [--enabled] [--implicitly-enabled]
= 65
$ rabbitmq-plugins list management
< Listing plugins with pattern "management" ...
<  Configured: E = explicitly enabled; e = implicitly enabled
<  | Status: * = running on $NODE
<  |/
< [  ] rabbitmq_federation_management 4.3.6
< [E*] rabbitmq_management            4.3.6
< [e*] rabbitmq_management_agent      4.3.6
< [  ] rabbitmq_shovel_management     4.3.6
< [  ] rabbitmq_stream_management     4.3.6
$ rabbitmq-plugins list nope
< Listing plugins with pattern "nope" ...
<  Configured: E = explicitly enabled; e = implicitly enabled
<  | Status: * = running on $NODE
<  |/
$ rabbitmq-plugins list management --formatter json
<j~ {"status": "running", "format": "normal", "plugins": [{"enabled": "not_enabled", "name": "rabbitmq_federation_management", "running": false, "version": "4.3.6", "running_version": ""}, {"enabled": "enabled", "name": "rabbitmq_management", "running": true, "version": "4.3.6", "running_version": "4.3.6"}, {"enabled": "implicit", "name": "rabbitmq_management_agent", "running": true, "version": "4.3.6", "running_version": "4.3.6"}, {"enabled": "not_enabled", "name": "rabbitmq_shovel_management", "running": false, "version": "4.3.6", "running_version": ""}, {"enabled": "not_enabled", "name": "rabbitmq_stream_management", "running": false, "version": "4.3.6", "running_version": ""}]}
$ rabbitmq-plugins list a b
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	list a b
<!
<! Usage
<!
<! rabbitmq-plugins [--node <node>] [--longnames] [--quiet] list [pattern] [--verbose] [--minimal] [--enabled] [--implicitly-enabled]
= 64
$ rabbitmq-plugins is_enabled rabbitmq_management
< Asking node $NODE if plugin rabbitmq_management is enabled...
< Plugin rabbitmq_management is enabled on node $NODE
$ rabbitmq-plugins is_enabled rabbitmq_management rabbitmq_prometheus
< Asking node $NODE if plugins rabbitmq_management, rabbitmq_prometheus are enabled...
< Plugins rabbitmq_management, rabbitmq_prometheus are enabled on node $NODE
$ rabbitmq-plugins is_enabled nope
< Asking node $NODE if plugin nope is enabled...
<! Error:
<! Plugin nope is not enabled on node $NODE. Enabled plugins and dependencies: {*}rabbitmq_web_dispatch
= 69
$ rabbitmq-plugins is_enabled rabbitmq_management nope rabbitmq_shovel
< Asking node $NODE if plugins rabbitmq_management, nope, rabbitmq_shovel are enabled...
<! Error:
<! Plugins nope, rabbitmq_shovel are not enabled on node $NODE. Enabled plugins and dependencies: {*}rabbitmq_web_dispatch
= 69
$ rabbitmq-plugins is_enabled
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	is_enabled
<!
<! Usage
<!
<! rabbitmq-plugins [--node <node>] [--longnames] [--quiet] is_enabled <plugin1> [ <plugin2>] [--offline] [--online]
= 64
$ rabbitmq-plugins is_enabled rabbitmq_management --formatter json
< {"message":"Plugin rabbitmq_management is enabled on node $NODE","result":"ok"}
$ rabbitmq-plugins is_enabled nope --formatter json
<! {*}Plugin nope is not enabled on node $NODE. Enabled plugins and dependencies: {*}
= 69
$ rabbitmq-plugins enable
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	enable
<!
<! Usage
<!
<! rabbitmq-plugins [--node <node>] [--longnames] [--quiet] enable <plugin1> [ <plugin2>] | --all [--offline] [--online]
= 64
$ rabbitmq-plugins enable rabbitmq_management
< Enabling plugins on node $NODE:
< rabbitmq_management
< The following plugins have been configured:
<   rabbitmq_consistent_hash_exchange
<   rabbitmq_management
<   rabbitmq_management_agent
<   rabbitmq_prometheus
<   rabbitmq_web_dispatch
< Applying plugin configuration to $NODE...
< Plugin configuration unchanged.
$ rabbitmq-plugins enable rabbitmq_event_exchange
< Enabling plugins on node $NODE:
< rabbitmq_event_exchange
< The following plugins have been configured:
<   rabbitmq_consistent_hash_exchange
<   rabbitmq_event_exchange
<   rabbitmq_management
<   rabbitmq_management_agent
<   rabbitmq_prometheus
<   rabbitmq_web_dispatch
< Applying plugin configuration to $NODE...
< The following plugins have been enabled:
<   rabbitmq_event_exchange
<
< started 1 plugins.
$ rabbitmq-plugins enable rabbitmq_event_exchange rabbitmq_top
< Enabling plugins on node $NODE:
< rabbitmq_event_exchange
< rabbitmq_top
< The following plugins have been configured:
<   rabbitmq_consistent_hash_exchange
<   rabbitmq_event_exchange
<   rabbitmq_management
<   rabbitmq_management_agent
<   rabbitmq_prometheus
<   rabbitmq_top
<   rabbitmq_web_dispatch
< Applying plugin configuration to $NODE...
< The following plugins have been enabled:
<   rabbitmq_top
<
< started 1 plugins.
$ rabbitmq-plugins enable nope
< Enabling plugins on node $NODE:
< nope
< WARNING - plugins currently enabled but missing: nope
<
< The following plugins have been configured:
<   rabbitmq_consistent_hash_exchange
<   rabbitmq_event_exchange
<   rabbitmq_management
<   rabbitmq_management_agent
<   rabbitmq_prometheus
<   rabbitmq_top
<   rabbitmq_web_dispatch
< Applying plugin configuration to $NODE...
< Plugin configuration unchanged.
$ rabbitmq-plugins enable rabbitmq_random_exchange -q
< The following plugins have been configured:
<   rabbitmq_consistent_hash_exchange
<   rabbitmq_event_exchange
<   rabbitmq_management
<   rabbitmq_management_agent
<   rabbitmq_prometheus
<   rabbitmq_random_exchange
<   rabbitmq_top
<   rabbitmq_web_dispatch
< Applying plugin configuration to $NODE...
< The following plugins have been enabled:
<   rabbitmq_random_exchange
<
< started 1 plugins.
$ rabbitmq-plugins list -e -q
< [E*] rabbitmq_consistent_hash_exchange 4.3.6
< [E*] rabbitmq_event_exchange           4.3.6
< [E*] rabbitmq_management               4.3.6
< [e*] rabbitmq_management_agent         4.3.6
< [E*] rabbitmq_prometheus               4.3.6
< [E*] rabbitmq_random_exchange          4.3.6
< [E*] rabbitmq_top                      4.3.6
< [e*] rabbitmq_web_dispatch             4.3.6
$ rabbitmq-plugins disable rabbitmq_event_exchange
< Disabling plugins on node $NODE:
< rabbitmq_event_exchange
< WARNING - plugins currently enabled but missing: nope
<
< The following plugins have been configured:
<   rabbitmq_consistent_hash_exchange
<   rabbitmq_management
<   rabbitmq_management_agent
<   rabbitmq_prometheus
<   rabbitmq_random_exchange
<   rabbitmq_top
<   rabbitmq_web_dispatch
< Applying plugin configuration to $NODE...
< The following plugins have been disabled:
<   rabbitmq_event_exchange
<
< stopped 1 plugins.
$ rabbitmq-plugins disable rabbitmq_event_exchange
< Disabling plugins on node $NODE:
< rabbitmq_event_exchange
< WARNING - plugins currently enabled but missing: nope
<
< The following plugins have been configured:
<   rabbitmq_consistent_hash_exchange
<   rabbitmq_management
<   rabbitmq_management_agent
<   rabbitmq_prometheus
<   rabbitmq_random_exchange
<   rabbitmq_top
<   rabbitmq_web_dispatch
< Applying plugin configuration to $NODE...
< Plugin configuration unchanged.
$ rabbitmq-plugins disable nope
< Disabling plugins on node $NODE:
< nope
< WARNING - plugins currently enabled but missing: nope
<
< The following plugins have been configured:
<   rabbitmq_consistent_hash_exchange
<   rabbitmq_management
<   rabbitmq_management_agent
<   rabbitmq_prometheus
<   rabbitmq_random_exchange
<   rabbitmq_top
<   rabbitmq_web_dispatch
< Applying plugin configuration to $NODE...
< Plugin configuration unchanged.
$ rabbitmq-plugins disable
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	disable
<!
<! Usage
<!
<! rabbitmq-plugins [--node <node>] [--longnames] [--quiet] disable <plugin1> [ <plugin2>] | --all [--offline] [--online]
= 64
$ rabbitmq-plugins set rabbitmq_management rabbitmq_prometheus rabbitmq_consistent_hash_exchange
< Enabling plugins on node $NODE:
< rabbitmq_management
< rabbitmq_prometheus
< rabbitmq_consistent_hash_exchange
< The following plugins have been configured:
<   rabbitmq_consistent_hash_exchange
<   rabbitmq_management
<   rabbitmq_management_agent
<   rabbitmq_prometheus
<   rabbitmq_web_dispatch
< Applying plugin configuration to $NODE...
< stopped 2 plugins.
$ rabbitmq-plugins set rabbitmq_management rabbitmq_prometheus rabbitmq_consistent_hash_exchange --formatter json
<j~ [["rabbitmq_consistent_hash_exchange", "rabbitmq_management", "rabbitmq_management_agent", "rabbitmq_prometheus", "rabbitmq_web_dispatch"], {"set": ["rabbitmq_consistent_hash_exchange", "rabbitmq_management", "rabbitmq_management_agent", "rabbitmq_prometheus", "rabbitmq_web_dispatch"], "mode": "online", "started": [], "stopped": []}]
$ rabbitmq-plugins enable rabbitmq_event_exchange --formatter json
<j~ [["rabbitmq_consistent_hash_exchange", "rabbitmq_event_exchange", "rabbitmq_management", "rabbitmq_management_agent", "rabbitmq_prometheus", "rabbitmq_web_dispatch"], {"enabled": ["rabbitmq_event_exchange"], "set": ["rabbitmq_consistent_hash_exchange", "rabbitmq_event_exchange", "rabbitmq_management", "rabbitmq_management_agent", "rabbitmq_prometheus", "rabbitmq_web_dispatch"], "mode": "online", "started": ["rabbitmq_event_exchange"], "stopped": []}]
$ rabbitmq-plugins disable rabbitmq_event_exchange --formatter json
<j~ [["rabbitmq_consistent_hash_exchange", "rabbitmq_management", "rabbitmq_management_agent", "rabbitmq_prometheus", "rabbitmq_web_dispatch"], {"disabled": ["rabbitmq_event_exchange"], "set": ["rabbitmq_consistent_hash_exchange", "rabbitmq_management", "rabbitmq_management_agent", "rabbitmq_prometheus", "rabbitmq_web_dispatch"], "mode": "online", "started": [], "stopped": ["rabbitmq_event_exchange"]}]
