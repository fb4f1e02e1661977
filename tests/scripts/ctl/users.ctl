# Users and their passwords. Seen: RabbitMQ 4.3.6
$ rabbitmqctl add_user $U pw
< Adding user "$V" ...
< Done. Don't forget to grant the user permissions to some virtual hosts! See 'rabbitmqctl help set_permissions' to learn more.
$ rabbitmqctl add_user $U pw
< Adding user "$V" ...
<! Error:
<! User "$V" already exists
= 70
$ rabbitmqctl add_user $U pw -q
<! Error:
<! User "$V" already exists
= 70
$ rabbitmqctl -q add_user
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	-q add_user
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] add_user <username> [<password>] [<password_hash> --pre-hashed-password]
= 64
$ rabbitmqctl add_user a b c
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	add_user a b c
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] add_user <username> [<password>] [<password_hash> --pre-hashed-password]
= 64
$ rabbitmqctl add_user $U
< Adding user "$V" ...
< Password:
<! Error:
<! Password is not provided via argument or stdin
= 65
$ rabbitmqctl add_user $U ''
< Adding user "$V" ...
<! Error:
<! User "$V" already exists
= 70
$ rabbitmqctl add_user '' pw
<! Error (argument validation): Bad argument: user cannot be an empty string
<! Arguments given:
<! 	add_user  pw
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] add_user <username> [<password>] [<password_hash> --pre-hashed-password]
= 65
$ rabbitmqctl list_users -q --formatter json
<j~ [{"user": "$V", "tags": []}, {"user": "guest", "tags": ["administrator"]}]
$ rabbitmqctl authenticate_user $U pw
< Authenticating user "$V" ...
< Success
$ rabbitmqctl authenticate_user $U pw -q
< Success
$ rabbitmqctl authenticate_user $U wrong
< Authenticating user "$V" ...
<! Error:
<! Error: failed to authenticate user "$V"
<! user '$V' - invalid credentials
= 65
$ rabbitmqctl authenticate_user nope-nope wrong
< Authenticating user "nope-nope" ...
<! Error:
<! Error: failed to authenticate user "nope-nope"
<! user 'nope-nope' - invalid credentials
= 65
$ rabbitmqctl authenticate_user $U
+ pw
< Authenticating user "$V" ...
< Password:
< Success
$ rabbitmqctl authenticate_user $U
< Authenticating user "$V" ...
< Password:
<! Error:
<! Password is not provided via argument or stdin
= 70
$ rabbitmqctl change_password $U pw2
< Changing password for user "$V" ...
$ rabbitmqctl change_password nope-nope pw2
< Changing password for user "nope-nope" ...
<! Error:
<! User "nope-nope" does not exist
= 67
$ rabbitmqctl change_password $U ''
< Changing password for user "$V" ...
$ rabbitmqctl change_password $U
+ pw3
< Changing password for user "$V" ...
< Password:
$ rabbitmqctl authenticate_user $U pw3
< Authenticating user "$V" ...
< Success
$ rabbitmqctl change_password $U
< Changing password for user "$V" ...
< Password:
<! Error:
<! Password is not provided via argument or stdin
= 70
$ rabbitmqctl change_password -q $U pw2
$ rabbitmqctl clear_password $U
< Clearing password for user "$V" ...
$ rabbitmqctl clear_password nope-nope
< Clearing password for user "nope-nope" ...
<! Error:
<! {:no_such_user, "nope-nope"}
= 69
$ rabbitmqctl clear_password
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	clear_password
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] clear_password <username>
= 64
$ rabbitmqctl authenticate_user $U pw2
< Authenticating user "$V" ...
<! Error:
<! Error: failed to authenticate user "$V"
<! user '$V' - invalid credentials
= 65
$ rabbitmqctl authenticate_user $U ''
< Authenticating user "$V" ...
<! Error:
<! Error: failed to authenticate user "$V"
<! user '$V' attempted to log in with a blank password, which is prohibited by the internal authN backend. To use TLS/x509 certificate-based authentication, see the rabbitmq_auth_mechanism_ssl plugin and configure the client to use the EXTERNAL authentication mechanism. Alternatively change the password for the user to be non-blank.
= 65
$ rabbitmqctl set_user_tags $U
< Setting tags for user "$V" to [] ...
$ rabbitmqctl set_user_tags $U a b
< Setting tags for user "$V" to [a, b] ...
$ rabbitmqctl set_user_tags $U administrator
< Setting tags for user "$V" to [administrator] ...
$ rabbitmqctl set_user_tags nope-nope a
< Setting tags for user "nope-nope" to [a] ...
<! Error:
<! User "nope-nope" does not exist
= 67
$ rabbitmqctl set_user_tags
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	set_user_tags
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] set_user_tags <username> <tag> [...]
= 64
$ rabbitmqctl set_user_tags -q $U management monitoring
$ rabbitmqctl -q delete_user $U
$ rabbitmqctl delete_user $U
< Deleting user "$V" ...
$ rabbitmqctl delete_user
<! Error (argument validation): not enough arguments.
<! Arguments given:
<! 	delete_user
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] delete_user <username>
= 64
$ rabbitmqctl delete_user a b
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	delete_user a b
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] delete_user <username>
= 64
$ rabbitmqctl add_user $U --pre-hashed-password kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR
< Adding user "$V" ...
< Done. Don't forget to grant the user permissions to some virtual hosts! See 'rabbitmqctl help set_permissions' to learn more.
$ rabbitmqctl authenticate_user $U test12
< Authenticating user "$V" ...
< Success
$ rabbitmqctl delete_user $U
< Deleting user "$V" ...
$ rabbitmqctl add_user --pre-hashed-password $U nonsense
< Adding user "$V" ...
< Done. Don't forget to grant the user permissions to some virtual hosts! See 'rabbitmqctl help set_permissions' to learn more.
$ rabbitmqctl add_user --pre-hashed-password $U
+ kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR
< Adding user "$V" ...
< Hashed and salted password:
<! Error:
<! User "$V" already exists
= 70
$ rabbitmqctl hash_password abc
< Will hash password abc
< {*}
$ rabbitmqctl hash_password abc -q
< {*}
$ rabbitmqctl hash_password
+ abc
< Will hash provided password
< Password:
< {*}
$ rabbitmqctl hash_password
< Will hash provided password
< Password:
<! Error:
<! not_enough_args
= 69
$ rabbitmqctl hash_password ''
<! Error (argument validation): Bad argument: password cannot be an empty string
<! Arguments given:
<! 	hash_password
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] hash_password <cleartext_password> [--hashing-algorithm <algorithm>]
= 65
$ rabbitmqctl hash_password a b
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	hash_password a b
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] hash_password <cleartext_password> [--hashing-algorithm <algorithm>]
= 64
$ rabbitmqctl list_users nope
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	list_users nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_users [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl list_users -s
< $V	[]
< guest	[administrator]
$ rabbitmqctl list_users --no-table-headers
< Listing users ...
< $V	[]
< guest	[administrator]
$ rabbitmqctl list_users --formatter pretty_table
< Listing users ...
< \e(0l{*}k\e(B
< \e(0x\e(B \e[1muser\e[0m{*}\e(0x\e(B \e[1mtags\e[0m{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B $V{*}\e(0x\e(B{*}\e(0x\e(B
< \e(0t{*}\e(B
< \e(0x\e(B guest{*}\e(0x\e(B administrator{*}\e(0x\e(B
< \e(0m{*}j\e(B
$ rabbitmqctl list_users --formatter erlang
< Listing users ...
< [[{user,<<"$V">>},{tags,[]}],{*}
< ...
$ rabbitmqctl list_users --formatter string
< Listing users ...
< [user: "$V", tags: []]
< [user: "guest", tags: [:administrator]]
$ rabbitmqctl list_users --formatter inspect
< Listing users ...
< [
< [user: "$V", tags: []]
< ,[user: "guest", tags: [:administrator]]
< ]
$ rabbitmqctl list_users --formatter json_stream
<~ {"user":"$V","tags":[]}
<~ {"user":"guest","tags":["administrator"]}
$ rabbitmqctl list_users --formatter json -s
<j~ [{"user": "$V", "tags": []}, {"user": "guest", "tags": ["administrator"]}]
$ rabbitmqctl list_users --nope
<! Error (argument validation): Invalid options for this command:
<! --nope :
<! Arguments given:
<! 	list_users --nope
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_users [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl list_users --timeout x
<! Error (argument validation): Invalid options for this command:
<! --timeout : x
<! Arguments given:
<! 	list_users --timeout x
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] list_users [--no-table-headers] [--timeout <timeout>]
= 64
$ rabbitmqctl list_users -t 5
< Listing users ...
< user	tags
< $V	[]
< guest	[administrator]
