# Encrypted values of a configuration. Seen: RabbitMQ 4.3.6
$ rabbitmqctl encode '<<"guest">>' mypass
< Encrypting value to be used in advanced.config...
< {encrypted,<<"{*}">>}
$ rabbitmqctl encode guest mypass --formatter json
<j {"node": "$NODE", "result": "ok", "value": ["encrypted", "*"]}
$ rabbitmqctl encode guest mypass -q --cipher aes_128_cbc --hash sha256 --iterations 10
< {encrypted,<<"{*}">>}
$ rabbitmqctl encode '<<"x">>'
+ pw
< Encrypting value to be used in advanced.config...
< Passphrase:
< {encrypted,<<"{*}">>}
$ rabbitmqctl encode
+ <<"x">>
+ pw
< Encrypting value to be used in advanced.config...
< Value to encode:
< Passphrase:
< {encrypted,<<"{*}">>}
# Made by RabbitMQ 4.3.6.
$ rabbitmqctl decode '{encrypted,<<"ZQGyMD9vFkR36pdDKZBu04inGf3IqJeH3TRFfv7YIj3SHmaEbFrc1WfyDIrk1FKU">>}' mypass
< Decrypting an advanced.config (Erlang term) value...
< <<"guest">>
$ rabbitmqctl decode '<<"0LRVjVHcN04CRKAyyOoGBwIBkjjbYyZruJ7WCRtTd5iDJaPCsRVIq2AF+p95nqvV">>' mypass --cipher aes_128_cbc --hash sha256 --iterations 10
< Decrypting an advanced.config (Erlang term) value...
< {a,"b"}
$ rabbitmqctl decode '"ZQGyMD9vFkR36pdDKZBu04inGf3IqJeH3TRFfv7YIj3SHmaEbFrc1WfyDIrk1FKU"' mypass --formatter json
<j {"node": "$NODE", "value": "guest", "result": "ok"}
$ rabbitmqctl decode '<<"UUXDiaUQxVCJxTZduxhs+lWtLKe2LvMdjO33mM1o/ChuPhmNvSM1Lz8plcgfLDPijxqFFHK641Sc7ADnpN9oDEteTRbAiy1prxRvsjAGiwPCBqsCtuZWRw==">>' p --cipher des_ede3_cbc --hash blake2b --iterations 3 -q
< {a,[1,2,3],<<1,2>>,"text",1.5,-300,123456789012,#{a => 1}}
$ rabbitmqctl decode '<<"oVHQPOFh+yCrXq5F3jvv+w9RLqLWOtt3mvIpsoC1RK/hgJBlD2Xs2gyi83PUe8p6">>' p --hash sha3_256 -q
< <<"{*}">>
$ rabbitmqctl decrypt_conf_value '"encrypted:X++vybtpfNeiA2VZLhi6vx8kTFGCKHulWDECdVpajzT19h2TRoElBL+nTl6Eo26N"' mypass
< Decrypting a rabbitmq.conf string value...
< "guest"
$ rabbitmqctl decrypt_conf_value '<<"VU7msDvXaT6YHRIBu7dp5M0bQ1hEym57XxlHVQ0gibNOeWsm4FWenrkeLK1x0kny">>' mypass -q
< guest
# Made by this broker.
$ rabbitmqctl decode '<<"vRbnX48wHbGANqLBov/6Aydm1sU1mjRYzcpRtFnn0wCYjlFs2TmJAnB0s6OApmxn">>' p -q
< <<"ours">>
$ rabbitmqctl decode '<<"qGXcXtVDFxKie5NwiCt669Y8AkPg7NaLnnDhvScWlt16c7XqRqYSVta78v4kTWptG3Tp3hKnkMaZYuqPuQSQHw==">>' p -q --cipher aes_192_cbc --hash sha512_256 --iterations 7
< {b,"c",[1,256],-5000000000}
$ rabbitmqctl decrypt_conf_value '"encrypted:eEU3QeyTIS15tX90FGK5/RDhO1QzhhTD28aAaWRc/Pp6ErKOK5IrG3ajDlnCml6n"' p -q
< ours
$ rabbitmqctl encrypt_conf_value guest mypass
< Encrypting value to be used in rabbitmq.conf...
< encrypted:{*}
$ rabbitmqctl encrypt_conf_value '"guest"' mypass --formatter json
<j {"node": "$NODE", "result": "ok", "value": "*"}
$ rabbitmqctl encode 'x y' p
< Encrypting value to be used in advanced.config...
@rabbitmq < ...
<! Error:
<! Error during cipher operation
= 69
$ rabbitmqctl decode x p
< Decrypting an advanced.config (Erlang term) value...
@rabbitmq < ...
<! Error:
<! Failed to decrypt the value. Things to check: is the passphrase correct? Are the cipher and hash algorithms the same as those used for encryption?
= 69
$ rabbitmqctl decrypt_conf_value x p -q
@rabbitmq < ...
<! Error:
<! Failed to decrypt the value. Things to check: is the passphrase correct? Are the cipher and hash algorithms the same as those used for encryption?
= 69
$ rabbitmqctl encode '<<"a">>' p --cipher nope
<! Error (argument validation): Bad argument: The requested cipher is not supported.
<! ...
= 65
$ rabbitmqctl encode '<<"a">>' p --hash nope
<! Error (argument validation): Bad argument: The requested hash is not supported
<! ...
= 65
$ rabbitmqctl encrypt_conf_value '<<"a">>' p --iterations 0
<! Error (argument validation): Bad argument: The requested number of iterations is incorrect
<! ...
= 65
$ rabbitmqctl decode x p --cipher nope
<! Error (argument validation): Bad argument: The requested cipher is not supported
<! ...
= 65
$ rabbitmqctl decrypt_conf_value x p --iterations 0
<! Error (argument validation): Bad argument: The requested number of iterations is incorrect (must be a positive integer)
<! ...
= 65
$ rabbitmqctl decode
<! Error (argument validation): not enough arguments: Please provide a value to decode and a passphrase
<! ...
= 64
$ rabbitmqctl decode a b c
<! Error (argument validation): too many arguments.
<! Arguments given:
<! 	decode a b c
<!
<! Usage
<!
<! rabbitmqctl [--node <node>] [--longnames] [--quiet] decode value passphrase [--cipher <cipher>] [--hash <hash>] [--iterations <iterations>]
= 64
$ rabbitmqctl list_ciphers
< Listing supported ciphers ...
@leveret < [aes_192_cbc,aes_256_cbc,aes_128_cbc,des_ede3_cbc]
@rabbitmq < [chacha20,{*}
@rabbitmq < ...
$ rabbitmqctl list_hashes
< Listing supported hash algorithms ...
@leveret < [blake2s,blake2b,sha3_512,sha3_384,sha3_256,sha3_224,sha512_256,sha512_224,
@leveret <  sha512,sha384,sha256,sha224,sha,md5]
@rabbitmq < [blake2s,blake2b,sm3,{*}
@rabbitmq < ...
