# Parameters, global parameters, policies. Seen: RabbitMQ 4.3.6
$ rabbitmqctl set_parameter -p $V nope up '{"a":1}'
< Setting runtime parameter "up" for component "nope" to "{"a":1}" in vhost "$V" ...
<! Error:
<! Validation failed
<!
<! component nope not found
= 69
$ rabbitmqctl set_parameter -p $V vhost-limits limits '{"max-queues":5}'
< Setting runtime parameter "limits" for component "vhost-limits" to "{"max-queues":5}" in vhost "$V" ...
$ rabbitmqctl set_parameter -p $V vhost-limits limits 'bad'
< Setting runtime parameter "limits" for component "vhost-limits" to "bad" in vhost "$V" ...
<! Error:
<! Could not parse JSON document: {error,{failed_to_decode_json,<<"bad">>}}
= 69
$ rabbitmqctl set_parameter -p $V-nope vhost-limits limits '{"max-queues":5}'
< Setting runtime parameter "limits" for component "vhost-limits" to "{"max-queues":5}" in vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl set_parameter -p $V vhost-limits limits
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_parameter -p $V vhost-limits limits
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_parameter [--vhost <vhost>] <component_name> <name> <value>
= 64
$ rabbitmqctl list_parameters -p $V
< Listing runtime parameters for vhost "$V" ...
< component	name	value
< vhost-limits	limits	{"max-queues":5}
$ rabbitmqctl list_parameters -p $V --formatter json
<j~ [{"name": "limits", "value": "{\"max-queues\":5}", "component": "vhost-limits"}]
$ rabbitmqctl list_parameters -p $V-nope
< Listing runtime parameters for vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl list_parameters -p $V x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	list_parameters -p $V x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_parameters [--vhost <vhost>] [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl clear_parameter -p $V vhost-limits limits
< Clearing runtime parameter "limits" for component "vhost-limits" on vhost "$V" ...
$ rabbitmqctl clear_parameter -p $V vhost-limits limits
< Clearing runtime parameter "limits" for component "vhost-limits" on vhost "$V" ...
<! Error:
<! Parameter does not exist
= 69
$ rabbitmqctl clear_parameter -p $V-nope vhost-limits limits
< Clearing runtime parameter "limits" for component "vhost-limits" on vhost "$V-nope" ...
<! Error:
<! Parameter does not exist
= 69
$ rabbitmqctl clear_parameter -p $V nope
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	clear_parameter -p $V nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] clear_parameter [--vhost <vhost>] <component_name> <name>
= 64
$ rabbitmqctl list_parameters -p $V
< Listing runtime parameters for vhost "$V" ...
$ rabbitmqctl list_parameters -p $V --formatter json
<j~ []
$ rabbitmqctl set_global_parameter $U '{"a":1}'
< Setting global runtime parameter "$V" to "{"a":1}" ...
$ rabbitmqctl set_global_parameter $U 'bad'
< Setting global runtime parameter "$V" to "bad" ...
<! Error:
<! Could not parse JSON document: {error,{failed_to_decode_json,<<"bad">>}}
= 69
$ rabbitmqctl set_global_parameter $U '"text"'
< Setting global runtime parameter "$V" to ""text"" ...
$ rabbitmqctl set_global_parameter $U
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_global_parameter $V
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_global_parameter <name> <value>
= 64
$ rabbitmqctl list_global_parameters
< Listing global runtime parameters ...
< name	value
@rabbitmq <~ cluster_name	"$NODE"
<~ $V	"text"
$ rabbitmqctl list_global_parameters --formatter json
<j~ [{"name": "cluster_tags", "value": "[]"}, {"name": "$V", "value": "\"text\""}]
$ rabbitmqctl list_global_parameters x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	list_global_parameters x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_global_parameters [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl clear_global_parameter $U
< Clearing global runtime parameter "$V" ...
$ rabbitmqctl clear_global_parameter $U
< Clearing global runtime parameter "$V" ...
<! Error:
<! Parameter does not exist
= 69
$ rabbitmqctl clear_global_parameter
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	clear_global_parameter
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] clear_global_parameter <name>
= 64
$ rabbitmqctl set_policy -p $V p '^x' '{"max-length":1}'
< Setting policy "p" for pattern "^x" to "{"max-length":1}" with priority "0" for vhost "$V" ...
$ rabbitmqctl set_policy -p $V p2 '^x' '{"max-length":1,"expires":5000}' --apply-to queues --priority 3
< Setting policy "p2" for pattern "^x" to "{"max-length":1,"expires":5000}" with priority "3" for vhost "$V" ...
$ rabbitmqctl set_policy -p $V p3 '^x' '{"max-length":1}' --apply-to nope
< Setting policy "p3" for pattern "^x" to "{"max-length":1}" with priority "0" for vhost "$V" ...
<! Error:
<! Validation failed
<!
<! apply-to 'nope' unrecognised; should be one of: 'queues', 'classic_queues',  'quorum_queues', 'streams', 'exchanges', or 'all'
= 69
$ rabbitmqctl set_policy -p $V p3 '^x' '{"max-length":1}' --priority x
<! Error (argument validation): Invalid options for this command:
<! --priority : x
<! Arguments given:
<! 	set_policy -p $V p3 ^x {"max-length":1} --priority x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_policy [--vhost <vhost>] [--priority <priority>] [--apply-to <apply-to>] <name> <pattern> <definition>
= 64
$ rabbitmqctl set_policy -p $V p3 '^x' '{"nope":1}'
< Setting policy "p3" for pattern "^x" to "{"nope":1}" with priority "0" for vhost "$V" ...
<! Error:
<! Validation failed
<!
<! [{<<"nope">>,1}] are not recognised policy settings
= 69
$ rabbitmqctl set_policy -p $V p3 '^x' '{"max-length":"x"}'
< Setting policy "p3" for pattern "^x" to "{"max-length":"x"}" with priority "0" for vhost "$V" ...
<! Error:
<! Validation failed
<!
<! <<"x">> is not a valid maximum length
= 69
$ rabbitmqctl set_policy -p $V p3 '^x' '{}'
< Setting policy "p3" for pattern "^x" to "{}" with priority "0" for vhost "$V" ...
<! Error:
<! Validation failed
<!
<! no policy provided
= 69
$ rabbitmqctl set_policy -p $V p3 '^x' 'bad'
< Setting policy "p3" for pattern "^x" to "bad" with priority "0" for vhost "$V" ...
<! Error:
<! Could not parse JSON document: {error,{failed_to_decode_json,<<"bad">>}}
= 69
$ rabbitmqctl set_policy -p $V p3 '(' '{"max-length":1}'
< Setting policy "p3" for pattern "(" to "{"max-length":1}" with priority "0" for vhost "$V" ...
<! Error:
<! Validation failed
<!
<! pattern should be regular expression but is invalid: {"missing closing parenthesis",
<!                                                       1}
= 69
$ rabbitmqctl set_policy -p $V-nope p3 '^x' '{"max-length":1}'
< Setting policy "p3" for pattern "^x" to "{"max-length":1}" with priority "0" for vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl set_policy -p $V p3 '^x'
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_policy -p $V p3 ^x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_policy [--vhost <vhost>] [--priority <priority>] [--apply-to <apply-to>] <name> <pattern> <definition>
= 64
$ rabbitmqctl set_policy -p $V p3 '^x' '{"max-length":1}' x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	set_policy -p $V p3 ^x {"max-length":1} x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_policy [--vhost <vhost>] [--priority <priority>] [--apply-to <apply-to>] <name> <pattern> <definition>
= 64
$ rabbitmqctl set_policy -p $V -q --apply-to exchanges p4 '^x' '{"alternate-exchange":"amq.fanout"}'
$ rabbitmqctl list_policies -p $V
< Listing policies for vhost "$V" ...
< vhost	name	pattern	apply-to	definition	priority
< $V	p	^x	all	{"max-length":1}	0
< $V	p4	^x	exchanges	{"alternate-exchange":"amq.fanout"}	0
< $V	p2	^x	queues	{"expires":5000,"max-length":1}	3
$ rabbitmqctl list_policies -p $V --formatter json
<j~ [{"name": "p", "priority": 0, "pattern": "^x", "vhost": "$V", "apply-to": "all", "definition": "{\"max-length\":1}"}, {"name": "p4", "priority": 0, "pattern": "^x", "vhost": "$V", "apply-to": "exchanges", "definition": "{\"alternate-exchange\":\"amq.fanout\"}"}, {"name": "p2", "priority": 3, "pattern": "^x", "vhost": "$V", "apply-to": "queues", "definition": "{\"expires\":5000,\"max-length\":1}"}]
$ rabbitmqctl list_policies -p $V --formatter csv
< "vhost","name","pattern","apply-to","definition","priority"
< "$V","p","^x","all","{""max-length"":1}","0"
< "$V","p4","^x","exchanges","{""alternate-exchange"":""amq.fanout""}","0"
< "$V","p2","^x","queues","{""expires"":5000,""max-length"":1}","3"
$ rabbitmqctl list_policies -p $V --formatter pretty_table
< Listing policies for vhost "$V" ...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1mvhost\e[0m{*}\e(0x\e(B \e[1mname\e[0m{*}\e(0x\e(B \e[1mpattern\e[0m{*}\e(0x\e(B \e[1mapply-to\e[0m{*}\e(0x\e(B \e[1mdefinition\e[0m{*}\e(0x\e(B \e[1mpriority\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B $V{*}\e(0x\e(B p{*}\e(0x\e(B ^x{*}\e(0x\e(B all{*}\e(0x\e(B {"max-length":1}{*}\e(0x\e(B 0{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B $V{*}\e(0x\e(B p4{*}\e(0x\e(B ^x{*}\e(0x\e(B exchanges{*}\e(0x\e(B {"alternate-exchange":"amq.fanout"}{*}\e(0x\e(B 0{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B $V{*}\e(0x\e(B p2{*}\e(0x\e(B ^x{*}\e(0x\e(B queues{*}\e(0x\e(B {"expires":5000,"max-length":1}{*}\e(0x\e(B 3{*}\e(0x\e(B
< \e(0m{*}j\e(B
$ rabbitmqctl list_policies -p $V --formatter erlang
< Listing policies for vhost "$V" ...
< [[{vhost,<<"$V">>},
<   {name,<<"p">>},
<   {pattern,<<"^x">>},
<   {'apply-to',<<"all">>},
<   {definition,<<"{\"max-length\":1}">>},
<   {priority,0}],
<  [{vhost,<<"$V">>},
<   {name,<<"p4">>},
<   {pattern,<<"^x">>},
<   {'apply-to',<<"exchanges">>},
<   {definition,<<"{\"alternate-exchange\":\"amq.fanout\"}">>},
<   {priority,0}],
<  [{vhost,<<"$V">>},
<   {name,<<"p2">>},
<   {pattern,<<"^x">>},
<   {'apply-to',<<"queues">>},
<   {definition,<<"{\"expires\":5000,\"max-length\":1}">>},
<   {priority,3}]]
$ rabbitmqctl list_policies -p $V-nope
< Listing policies for vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl list_policies x
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	list_policies x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_policies [--vhost <vhost>] [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl clear_policy -p $V p
< Clearing policy "p" on vhost "$V" ...
$ rabbitmqctl clear_policy -p $V p
< Clearing policy "p" on vhost "$V" ...
<! Error:
<! Parameter does not exist
= 69
$ rabbitmqctl clear_policy -p $V-nope p
< Clearing policy "p" on vhost "$V-nope" ...
<! Error:
<! Parameter does not exist
= 69
$ rabbitmqctl clear_policy
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	clear_policy
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] clear_policy [--vhost <vhost>] <name>
= 64
$ rabbitmqctl set_operator_policy -p $V o1 '^x' '{"max-length":10}'
< Setting operator policy override "o1" for pattern "^x" to "{"max-length":10}" with priority "0" for vhost "$V" ...
$ rabbitmqctl set_operator_policy -p $V o2 '^x' '{"max-length":10}' --apply-to queues --priority 2
< Setting operator policy override "o2" for pattern "^x" to "{"max-length":10}" with priority "2" for vhost "$V" ...
$ rabbitmqctl set_operator_policy -p $V o3 '^x' '{"alternate-exchange":"x"}'
< Setting operator policy override "o3" for pattern "^x" to "{"alternate-exchange":"x"}" with priority "0" for vhost "$V" ...
<! Error:
<! Validation failed
<!
<! [{<<"alternate-exchange">>,<<"x">>}] are not recognised policy settings
= 69
$ rabbitmqctl set_operator_policy -p $V o3 '^x' '{"max-length":1}' --apply-to nope
< Setting operator policy override "o3" for pattern "^x" to "{"max-length":1}" with priority "0" for vhost "$V" ...
<! Error:
<! Validation failed
<!
<! apply-to 'nope' unrecognised; should be one of: 'queues', 'classic_queues',  'quorum_queues', 'streams', 'exchanges', or 'all'
= 69
$ rabbitmqctl set_operator_policy -p $V o3 '^x' 'bad'
< Setting operator policy override "o3" for pattern "^x" to "bad" with priority "0" for vhost "$V" ...
<! Error:
<! Could not parse JSON document: {error,{failed_to_decode_json,<<"bad">>}}
= 69
$ rabbitmqctl set_operator_policy -p $V-nope o3 '^x' '{"max-length":1}'
< Setting operator policy override "o3" for pattern "^x" to "{"max-length":1}" with priority "0" for vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl set_operator_policy -p $V o3 '^x'
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_operator_policy -p $V o3 ^x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_operator_policy [--vhost <vhost>] [--priority <priority>] [--apply-to <apply-to>] <name> <pattern> <definition>
= 64
$ rabbitmqctl list_operator_policies -p $V
< Listing operator policy overrides for vhost "$V" ...
< vhost	name	pattern	apply-to	definition	priority
< $V	o1	^x	all	{"max-length":10}	0
< $V	o2	^x	queues	{"max-length":10}	2
$ rabbitmqctl list_operator_policies -p $V --formatter json
<j~ [{"name": "o1", "priority": 0, "pattern": "^x", "vhost": "$V", "apply-to": "all", "definition": "{\"max-length\":10}"}, {"name": "o2", "priority": 2, "pattern": "^x", "vhost": "$V", "apply-to": "queues", "definition": "{\"max-length\":10}"}]
$ rabbitmqctl list_operator_policies -p $V-nope
< Listing operator policy overrides for vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl clear_operator_policy -p $V o1
< Clearing operator policy "o1" on vhost "$V" ...
$ rabbitmqctl clear_operator_policy -p $V o1
< Clearing operator policy "o1" on vhost "$V" ...
<! Error:
<! Parameter does not exist
= 69
$ rabbitmqctl clear_operator_policy
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	clear_operator_policy
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] clear_operator_policy [--vhost <vhost>] <name>
= 64
$ rabbitmqctl clear_operator_policy -p $V o2
< Clearing operator policy "o2" on vhost "$V" ...
$ rabbitmqctl list_operator_policies -p $V
< Listing operator policy overrides for vhost "$V" ...
$ rabbitmq-diagnostics list_policies -p $V
< Listing policies for vhost "$V" ...
< vhost	name	pattern	apply-to	definition	priority
< $V	p4	^x	exchanges	{"alternate-exchange":"amq.fanout"}	0
< $V	p2	^x	queues	{"expires":5000,"max-length":1}	3
$ rabbitmq-diagnostics list_policies_that_match -p $V queue xa
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	list_policies_that_match -p $V queue xa
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] list_policies_that_match [--object-type <type>] <name>
= 64
$ rabbitmq-diagnostics list_policies_that_match -p $V --object-type queue xa
< Listing policies that match queue 'xa' in vhost '$V' ...
<! Object (queue, stream, exchange, etc) was not found
= 65
# RabbitMQ 4.3.6 fails with a stack trace.
@leveret $ rabbitmq-diagnostics list_policies_that_match -p $V --object-type nope xa
<! Error (argument validation): Bad argument: object type 'nope' is not supported. Please use one of: queue, exchange
<! Arguments given:
<! 	list_policies_that_match -p $V --object-type nope xa
<!
<! Usage
<!
<! rabbitmq-diagnostics [--node <node>] [--longnames] [--quiet] list_policies_that_match [--object-type <type>] <name>
= 65
$ rabbitmq-diagnostics list_policies_that_match -p $V xa
< Listing policies that match queue 'xa' in vhost '$V' ...
<! Object (queue, stream, exchange, etc) was not found
= 65
$ rabbitmq-diagnostics list_policies_that_match -p $V ya
< Listing policies that match queue 'ya' in vhost '$V' ...
<! Object (queue, stream, exchange, etc) was not found
= 65
# RabbitMQ 4.3.6 fails: it calls a function that is gone.
@leveret $ rabbitmqctl remove_classic_queue_mirroring_from_policies
< Will remove keys that enable classic queue mirroring from all regular and operator policies
