# Limits of users. Seen: RabbitMQ 4.3.6
$ rabbitmqctl -q add_user $U pw
$ rabbitmqctl set_user_limits $U '{"max-channels": 5, "max-connections":3}'
< Setting user limits to "{"max-channels": 5, "max-connections":3}" for user "$V" ...
$ rabbitmqctl set_user_limits $U '{"nope":5}'
< Setting user limits to "{"nope":5}" for user "$V" ...
<! Error:
<! Unrecognised terms [{<<"nope">>,5}] in user-limits
= 69
$ rabbitmqctl set_user_limits $U 'bad'
< Setting user limits to "bad" for user "$V" ...
<! Error:
<! Could not parse JSON document: {error,{failed_to_decode_json,<<"bad">>}}
= 69
$ rabbitmqctl set_user_limits nope-nope '{"max-channels":5}'
< Setting user limits to "{"max-channels":5}" for user "nope-nope" ...
<! Error:
<! {:no_such_user, "nope-nope"}
= 69
$ rabbitmqctl set_user_limits $U '{"max-channels":"x"}'
< Setting user limits to "{"max-channels":"x"}" for user "$V" ...
<! Error:
<! max-channels should be a number, actually was <<"x">>
= 69
$ rabbitmqctl set_user_limits $U '{"max-channels":-1}'
< Setting user limits to "{"max-channels":-1}" for user "$V" ...
$ rabbitmqctl set_user_limits $U
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_user_limits $V
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_user_limits <username> <definition>
= 64
$ rabbitmqctl set_user_limits $U a b
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	set_user_limits $V a b
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_user_limits <username> <definition>
= 64
$ rabbitmqctl list_user_limits --user $U
< Listing limits for user "$V" ...
< {"max-channels":-1,"max-connections":3}
$ rabbitmqctl list_user_limits --user nope-nope
< Listing limits for user "nope-nope" ...
<! Error:
<! {:no_such_user, "nope-nope"}
= 69
$ rabbitmqctl list_user_limits
< Listing limits for user "guest" ...
< {}
$ rabbitmqctl list_user_limits --global
< Listing limits for all users ...
< user	limits
< $V	{"max-channels":-1,"max-connections":3}
$ rabbitmqctl list_user_limits --global --formatter json
< [
< {"user":"$V","limits":"{\"max-channels\":-1,\"max-connections\":3}"}
< ]
$ rabbitmqctl list_user_limits --user $U --formatter json
< {"message":"{\"max-channels\":-1,\"max-connections\":3}"}
$ rabbitmqctl list_user_limits --user $U -q
< {"max-channels":-1,"max-connections":3}
$ rabbitmqctl list_user_limits --user $U --global
< Listing limits for all users ...
< user	limits
< $V	{"max-channels":-1,"max-connections":3}
$ rabbitmqctl list_user_limits nope
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	list_user_limits nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_user_limits [--user <username>] [--global]
= 64
$ rabbitmqctl clear_user_limits $U max-channels
< Clearing "max-channels" limit for user "$V" ...
$ rabbitmqctl list_user_limits --user $U
< Listing limits for user "$V" ...
< {"max-connections":3}
$ rabbitmqctl clear_user_limits $U nope
< Clearing "nope" limit for user "$V" ...
$ rabbitmqctl clear_user_limits $U all
< Clearing all limits for user "$V" ...
$ rabbitmqctl clear_user_limits nope-nope all
< Clearing all limits for user "nope-nope" ...
<! Error:
<! {:no_such_user, "nope-nope"}
= 69
$ rabbitmqctl clear_user_limits $U
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	clear_user_limits $V
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] clear_user_limits <username> <limit_type> | all
= 64
$ rabbitmqctl list_user_limits --user $U
< Listing limits for user "$V" ...
< {}
$ rabbitmqctl list_user_limits --user $U --formatter json
< {"message":"{}"}
$ rabbitmqctl set_user_limits $U '{}'
< Setting user limits to "{}" for user "$V" ...
