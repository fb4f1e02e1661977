# Definitions. Seen: RabbitMQ 4.3.6
$ rabbitmqctl export_definitions $T/d.json
< Exporting definitions in JSON to a file at "$T/d.json" ...
$ rabbitmqctl export_definitions -
<j~ {"rabbit_version": "4.3.6", "users": [{"name": "guest", "tags": ["administrator"]}], "vhosts": [{"name": "/"}]}
$ rabbitmqctl export_definitions - -q
<j~ {"rabbit_version": "4.3.6", "users": [{"name": "guest", "tags": ["administrator"]}], "vhosts": [{"name": "/"}]}
$ rabbitmqctl export_definitions /nope/x.json
<! Error (argument validation): Bad argument: Directory /nope does not exist
<! Arguments given:
<! 	export_definitions /nope/x.json
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] export_definitions <file_path | "-"> [--format <json | erlang>] [--timeout <timeout>]
= 65
$ rabbitmqctl export_definitions
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	export_definitions
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] export_definitions <file_path | "-"> [--format <json | erlang>] [--timeout <timeout>]
= 64
$ rabbitmqctl export_definitions $T/d.etf --format nope
<! Error (argument validation): Bad argument: Format should be either json or erlang
<! Arguments given:
<! 	export_definitions $T/d.etf --format nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] export_definitions <file_path | "-"> [--format <json | erlang>] [--timeout <timeout>]
= 65
$ rabbitmqctl import_definitions $T/d.json
< Importing definitions in JSON from a file at "$T/d.json" ...
< Successfully started definition import. This process is asynchronous and can take some time. Watch target node logs for completion.
$ rabbitmqctl import_definitions $T/none.json
<! Error (argument validation): Bad argument: File $T/none.json does not exist
<! Arguments given:
<! 	import_definitions $T/none.json
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] import_definitions <file_path> [--format <json | erlang>] [--skip-if-unchanged] [--timeout <timeout>]
= 65
$ rabbitmqctl import_definitions
+ {"users":[]}
< Importing definitions in JSON from standard input ...
< Successfully started definition import. This process is asynchronous and can take some time. Watch target node logs for completion.
$ rabbitmqctl import_definitions
+ bad
< Importing definitions in JSON from standard input ...
<! Error:
<! Failed to deserialise input (format: JSON) (error: {:unexpected_byte, "0x62", 0})
= 65
$ rabbitmqctl import_definitions -q $T/d.json
$ rabbitmqctl import_definitions $T/d.json --skip-if-unchanged
< Importing definitions in JSON from a file at "$T/d.json" ...
< Successfully started definition import. This process is asynchronous and can take some time. Watch target node logs for completion.
$ rabbitmqctl import_definitions a b
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	import_definitions a b
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] import_definitions <file_path> [--format <json | erlang>] [--skip-if-unchanged] [--timeout <timeout>]
= 64
