# Names with what a terminal obeys, in lists. Seen: RabbitMQ 4.3.6
% PUT /api/queues/$V/a%1B%5B2Jb {}
$ rabbitmqctl -q list_queues -p $V name --no-table-headers
@leveret < a\u{1b}[2Jb
@rabbitmq < a\e[2Jb
$ rabbitmqctl -q list_queues -p $V name --formatter csv
< "name"
@leveret < "a\u{1b}[2Jb"
@rabbitmq < "a\e[2Jb"
$ rabbitmqctl list_queues -p $V name --formatter json
<j [{"name": "a\u001b[2Jb"}]
$ rabbitmqctl -q purge_queue -p $V nope\e
<! Object (queue, stream, exchange, etc) was not found
= 65
