# Permissions and topic permissions. Seen: RabbitMQ 4.3.6
$ rabbitmqctl -q add_user $U pw
$ rabbitmqctl set_permissions -p $V $U '^a' 'b.*' '.*'
< Setting permissions for user "$V" in vhost "$V" ...
$ rabbitmqctl set_permissions --vhost=$V -q $U '^a' 'b.*' '.*'
$ rabbitmqctl set_permissions -p $V-nope $U '' '' ''
< Setting permissions for user "$V" in vhost "$V-nope" ...
<! Error:
<! Virtual host $V-nope does not exist
= 69
$ rabbitmqctl set_permissions -p $V nope-nope '' '' ''
< Setting permissions for user "nope-nope" in vhost "$V" ...
<! Error:
<! User nope-nope does not exist
= 67
$ rabbitmqctl set_permissions -p $V $U '(' '' ''
< Setting permissions for user "$V" in vhost "$V" ...
<! Error:
<! {:invalid_regexp, ~c"(", {~c"missing closing parenthesis", 1}}
= 69
$ rabbitmqctl set_permissions -p $V $U '' '' '['
< Setting permissions for user "$V" in vhost "$V" ...
<! Error:
<! {:invalid_regexp, ~c"[", {~c"missing terminating ] for character class", 1}}
= 69
$ rabbitmqctl set_permissions -p $V $U '' ''
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_permissions -p $V $V
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_permissions [--vhost <vhost>] <username> <conf> <write> <read>
= 64
$ rabbitmqctl set_permissions -p $V $U '' '' '' ''
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	set_permissions -p $V $V
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_permissions [--vhost <vhost>] <username> <conf> <write> <read>
= 64
$ rabbitmqctl list_permissions -p $V
< Listing permissions for vhost "$V" ...
< user	configure	write	read
< $V	^a	b.*	.*
< guest	.*	.*	.*
$ rabbitmqctl list_permissions -p $V -s
< $V	^a	b.*	.*
< guest	.*	.*	.*
$ rabbitmqctl list_permissions -p $V --formatter json
<j~ [{"user": "$V", "read": ".*", "write": "b.*", "configure": "^a"}, {"user": "guest", "read": ".*", "write": ".*", "configure": ".*"}]
$ rabbitmqctl list_permissions -p $V --formatter csv
< "user","configure","write","read"
< "$V","^a","b.*",".*"
< "guest",".*",".*",".*"
$ rabbitmqctl list_permissions -p $V --formatter pretty_table
< Listing permissions for vhost "$V" ...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1muser\e[0m{*}\e(0x\e(B \e[1mconfigure\e[0m{*}\e(0x\e(B \e[1mwrite\e[0m{*}\e(0x\e(B \e[1mread\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B $V{*}\e(0x\e(B ^a{*}\e(0x\e(B b.*{*}\e(0x\e(B .*{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B guest{*}\e(0x\e(B .*{*}\e(0x\e(B .*{*}\e(0x\e(B .*{*}\e(0x\e(B
< \e(0m{*}j\e(B
$ rabbitmqctl list_permissions -p $V --formatter erlang
< Listing permissions for vhost "$V" ...
< [[{user,<<"$V">>},
<   {configure,<<"^a">>},
<   {write,<<"b.*">>},
<   {read,<<".*">>}],
<  [{user,<<"guest">>},{configure,<<".*">>},{write,<<".*">>},{read,<<".*">>}]]
$ rabbitmqctl list_permissions -p $V-nope
< Listing permissions for vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl list_permissions nope
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	list_permissions nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_permissions [--vhost <vhost>] [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl list_user_permissions $U
< Listing permissions for user "$V" ...
< vhost	configure	write	read
< $V	^a	b.*	.*
$ rabbitmqctl list_user_permissions $U --formatter json
<j~ [{"read": ".*", "write": "b.*", "configure": "^a", "vhost": "$V"}]
$ rabbitmqctl list_user_permissions nope-nope
< Listing permissions for user "nope-nope" ...
<! Error:
<! {:no_such_user, "nope-nope"}
= 69
$ rabbitmqctl list_user_permissions
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	list_user_permissions
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_user_permissions [--no-table-headers] <username> [--timeout <timeout>]
= 64
$ rabbitmqctl set_permissions_globally $U '.*' '.*' '.*'
< Setting permissions for user "$V" in all virtual hosts ...
$ rabbitmqctl set_permissions_globally nope-nope '.*' '.*' '.*'
< Setting permissions for user "nope-nope" in all virtual hosts ...
<! Error:
<! User nope-nope does not exist
= 67
$ rabbitmqctl set_permissions_globally $U '(' '.*' '.*'
< Setting permissions for user "$V" in all virtual hosts ...
<! Error:
<! {:invalid_regexp, ~c"(", {~c"missing closing parenthesis", 1}}
= 69
$ rabbitmqctl set_permissions_globally $U '.*' '.*'
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_permissions_globally $V .* .*
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_permissions_globally <username> <conf> <write> <read>
= 64
$ rabbitmqctl clear_permissions -p $V $U
< Clearing permissions for user "$V" in vhost "$V" ...
$ rabbitmqctl clear_permissions -p $V nope-nope
< Clearing permissions for user "nope-nope" in vhost "$V" ...
$ rabbitmqctl clear_permissions -p $V-nope $U
< Clearing permissions for user "$V" in vhost "$V-nope" ...
$ rabbitmqctl clear_permissions -p $V
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	clear_permissions -p $V
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] clear_permissions [--vhost <vhost>] <username>
= 64
$ rabbitmqctl list_permissions -p $V
< Listing permissions for vhost "$V" ...
< user	configure	write	read
< guest	.*	.*	.*
$ rabbitmqctl list_permissions -p $V --formatter json
<j~ [{"user": "guest", "read": ".*", "write": ".*", "configure": ".*"}]
$ rabbitmqctl list_permissions -p $V --formatter csv
< "user","configure","write","read"
< "guest",".*",".*",".*"
$ rabbitmqctl set_topic_permissions -p $V $U amq.topic '^a' '^b'
< Setting topic permissions on "amq.topic" for user "$V" in vhost "$V" ...
$ rabbitmqctl set_topic_permissions -p $V $U nope '^a' '^b'
< Setting topic permissions on "nope" for user "$V" in vhost "$V" ...
<! Error:
<! Exchange nope does not exist
= 69
$ rabbitmqctl set_topic_permissions -p $V nope-nope amq.topic '^a' '^b'
< Setting topic permissions on "amq.topic" for user "nope-nope" in vhost "$V" ...
<! Error:
<! User nope-nope does not exist
= 67
$ rabbitmqctl set_topic_permissions -p $V-nope $U amq.topic '^a' '^b'
< Setting topic permissions on "amq.topic" for user "$V" in vhost "$V-nope" ...
<! Error:
<! Virtual host $V-nope does not exist
= 69
$ rabbitmqctl set_topic_permissions -p $V $U amq.topic '(' '^b'
< Setting topic permissions on "amq.topic" for user "$V" in vhost "$V" ...
<! Error:
<! {:invalid_regexp, "(", {~c"missing closing parenthesis", 1}}
= 69
$ rabbitmqctl set_topic_permissions -p $V $U amq.topic '('
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_topic_permissions -p $V $V amq.topic (
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_topic_permissions [--vhost <vhost>] <username> <exchange> <write> <read>
= 64
$ rabbitmqctl list_topic_permissions -p $V
< Listing topic permissions for vhost "$V" ...
< user	exchange	write	read
< $V	amq.topic	^a	^b
$ rabbitmqctl list_topic_permissions -p $V --formatter json
<j~ [{"exchange": "amq.topic", "user": "$V", "read": "^b", "write": "^a"}]
$ rabbitmqctl list_topic_permissions -p $V-nope
< Listing topic permissions for vhost "$V-nope" ...
<! Virtual host '$V-nope' does not exist
= 65
$ rabbitmqctl list_user_topic_permissions $U
< Listing topic permissions for user "$V" ...
< $V	amq.topic	^a	^b
$ rabbitmqctl list_user_topic_permissions $U --formatter json
<j~ [{"exchange": "amq.topic", "read": "^b", "write": "^a", "vhost": "$V"}]
$ rabbitmqctl list_user_topic_permissions nope-nope
< Listing topic permissions for user "nope-nope" ...
<! Error:
<! {:no_such_user, "nope-nope"}
= 69
$ rabbitmqctl clear_topic_permissions -p $V $U nope
< Clearing topic permissions on "nope" for user "$V" in vhost "$V" ...
$ rabbitmqctl clear_topic_permissions -p $V $U amq.topic
< Clearing topic permissions on "amq.topic" for user "$V" in vhost "$V" ...
$ rabbitmqctl clear_topic_permissions -p $V $U
< Clearing topic permissions for user "$V" in vhost "$V" ...
$ rabbitmqctl clear_topic_permissions -p $V nope-nope
< Clearing topic permissions for user "nope-nope" in vhost "$V" ...
$ rabbitmqctl clear_topic_permissions -p $V-nope $U
< Clearing topic permissions for user "$V" in vhost "$V-nope" ...
$ rabbitmqctl clear_topic_permissions -p $V
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	clear_topic_permissions -p $V
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] clear_topic_permissions [--vhost <vhost>] <username> [<exchange>]
= 64
$ rabbitmqctl list_topic_permissions -p $V
< Listing topic permissions for vhost "$V" ...
$ rabbitmqctl list_user_topic_permissions $U
< Listing topic permissions for user "$V" ...
