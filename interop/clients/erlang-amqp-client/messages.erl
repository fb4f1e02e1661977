%% Messages in and out, what the publisher hears and how they are settled.
-module(messages).
-export([all/0]).

-include_lib("amqp_client/include/amqp_client.hrl").
-include("client.hrl").
-import(client, [
    bind/4, call/2, confirms/1, consume/2, consume/3, contains/2, delete/2, equal/3, expect/2,
    fork/1, fresh/0, hold/3, holds/3, next/3, queue/1, queue/2, ready/3, refused/4, send/4,
    send/5, with/1]).

-define(DIRECT_REPLY, <<"amq.rabbitmq.reply-to">>).

all() ->
    [{Id, with(Work)} || {Id, Work} <- [
        {"properties", fun properties/1}, {"headers", fun headers/1}, {"bodies", fun bodies/1},
        {"confirm", fun confirm/1}, {"confirm-nack", fun confirm_nack/1},
        {"mandatory", fun mandatory/1}, {"tx", fun tx/1}, {"rpc", fun rpc/1},
        {"consume", fun consume/1}, {"prefetch", fun prefetch/1}, {"cancel", fun cancel/1},
        {"get", fun get/1}, {"ack-multiple", fun ack_multiple/1}, {"reject", fun reject/1},
        {"nack", fun nack/1}, {"requeue-order", fun requeue_order/1},
        {"recover", fun recover/1}, {"single-active", fun single_active/1},
        {"consumer-priority", fun consumer_priority/1},
        {"exclusive-consumer", fun exclusive_consumer/1},
        {"server-cancel", fun server_cancel/1}]].

properties(S) ->
    Name = queue(S),
    bind(S, Name, <<"amq.topic">>, [Name]),
    Sent = #'P_basic'{
        content_type = <<"text/plain">>, content_encoding = <<"utf-8">>,
        headers = [{<<"k">>, longstr, <<"v">>}], delivery_mode = 2, priority = 7,
        correlation_id = <<"c-1">>, reply_to = <<"answers">>, expiration = <<"60000">>,
        message_id = <<"m-1">>, timestamp = 1700000000, type = <<"kind">>,
        user_id = list_to_binary(client:user()), app_id = <<"app">>, cluster_id = <<"cluster">>},
    send(S, <<"amq.topic">>, Name, [<<"body">>], Sent),
    {Ok, #amqp_msg{props = Received}} = next(S, Name, true),
    equal(Received, Sent, properties),
    #'basic.get_ok'{exchange = <<"amq.topic">>, routing_key = Name} = Ok.

headers(S) ->
    Name = queue(S),
    Sent = [
        {<<"bytes">>, binary, <<0, 255>>}, {<<"decimal">>, decimal, {2, 314}},
        {<<"double">>, double, 2.25}, {<<"float">>, float, 1.5}, {<<"int">>, signedint, -5},
        {<<"list">>, array, [{signedint, 1}, {longstr, <<"two">>},
                             {table, [{<<"three">>, signedint, 3}]}]},
        {<<"long">>, long, 1 bsl 40}, {<<"no">>, bool, false}, {<<"none">>, void, undefined},
        {<<"short">>, short, 300},
        {<<"table">>, table, [{<<"inner">>, table, [{<<"deep">>, bool, true}]}]},
        {<<"text">>, longstr, <<"grüße"/utf8>>}, {<<"tiny">>, byte, -7},
        {<<"when">>, timestamp, 1700000000}],
    send(S, <<>>, Name, [<<"body">>], #'P_basic'{headers = Sent}),
    {_, #amqp_msg{props = #'P_basic'{headers = Received}}} = next(S, Name, true),
    equal(lists:sort(Received), Sent, headers).

bodies(S) ->
    All = binary:copy(list_to_binary(lists:seq(0, 255)), 65536),
    Name = queue(S),
    [begin
        Body = binary:part(All, 0, Size),
        send(S, <<>>, Name, [Body]),
        {_, #amqp_msg{payload = Received}} = next(S, Name, true),
        equal(Received =:= Body, true, {bytes, Size})
    end || Size <- [0, 1, 131064, 131065, byte_size(All)]].

confirm(S) ->
    Name = queue(S),
    call(S, #'confirm.select'{}),
    send(S, <<>>, Name, lists:duplicate(200, <<"x">>), #'P_basic'{delivery_mode = 2}),
    send(S, <<>>, fresh(), [<<"lost">>]),
    equal(confirms(S), true, acked),
    ready(S, Name, 200).

confirm_nack(S) ->
    Name = queue(S, [{"x-max-length", 1}, {"x-overflow", "reject-publish"}]),
    call(S, #'confirm.select'{}),
    send(S, <<>>, Name, [<<"1">>, <<"2">>, <<"3">>]),
    equal(confirms(S), false, acked).

mandatory(#session{channel = Channel} = S) ->
    call(S, #'confirm.select'{}),
    amqp_channel:register_return_handler(Channel, self()),
    amqp_channel:register_confirm_handler(Channel, self()),
    Message = #amqp_msg{props = #'P_basic'{message_id = <<"m">>}, payload = <<"lost">>},
    Publish = #'basic.publish'{routing_key = fresh(), mandatory = true},
    ok = amqp_channel:call(Channel, Publish, Message),
    receive First ->
        {#'basic.return'{reply_code = 312, reply_text = <<"NO_ROUTE">>}, Back} = First,
        equal(Back, Message, returned)
    after 5000 -> error(no_return) end,
    receive #'basic.ack'{} -> ok after 5000 -> error(no_ack) end.

tx(S) ->
    Name = queue(S),
    call(S, #'tx.select'{}),
    send(S, <<>>, Name, [<<"undone">>]),
    call(S, #'tx.rollback'{}),
    send(S, <<>>, Name, [<<"done">>]),
    ready(S, Name, 0),
    call(S, #'tx.commit'{}),
    holds(S, Name, [<<"done">>]).

rpc(S) ->
    Name = queue(S),
    Answers = consume(S, ?DIRECT_REPLY, #'basic.consume'{no_ack = true}),
    send(S, <<>>, Name, [<<"20">>],
         #'P_basic'{reply_to = ?DIRECT_REPLY, correlation_id = <<"call-1">>}),
    {_, #amqp_msg{payload = Body, props = Call}} = next(S, Name, true),
    #'P_basic'{reply_to = To, correlation_id = Correlation} = Call,
    contains(To, <<(?DIRECT_REPLY)/binary, ".">>),
    Answer = integer_to_binary(binary_to_integer(Body) + 1),
    send(S, <<>>, To, [Answer], #'P_basic'{correlation_id = Correlation}),
    [{_, #amqp_msg{props = Received}}] = expect(Answers, [<<"21">>]),
    equal(Received#'P_basic'.correlation_id, <<"call-1">>, correlation_id).

consume(S) ->
    Name = queue(S),
    Bodies = [integer_to_binary(Number) || Number <- lists:seq(1, 6)],
    send(S, <<>>, Name, lists:sublist(Bodies, 3)),
    #inbox{tag = Tag} = Inbox = consume(S, Name),
    send(S, <<>>, Name, lists:nthtail(3, Bodies)),
    Tags = [Deliver#'basic.deliver'.delivery_tag || {Deliver, _} <- expect(Inbox, Bodies)],
    equal(Tags, lists:seq(1, 6), tags),
    [call(S, #'basic.ack'{delivery_tag = Each}) || Each <- Tags],
    call(S, #'basic.cancel'{consumer_tag = Tag}),
    ready(S, Name, 0).

prefetch(S) ->
    Name = queue(S),
    send(S, <<>>, Name, [<<"0">>, <<"1">>, <<"2">>, <<"3">>, <<"4">>]),
    call(S, #'basic.qos'{prefetch_count = 2}),
    Inbox = consume(S, Name),
    [{#'basic.deliver'{delivery_tag = Tag}, _}, _] = expect(Inbox, [<<"0">>, <<"1">>]),
    call(S, #'basic.ack'{delivery_tag = Tag}),
    expect(Inbox, [<<"2">>]).

cancel(S) ->
    Name = queue(S),
    send(S, <<>>, Name, [<<"held">>]),
    #inbox{tag = Tag} = Inbox = consume(S, Name),
    [{#'basic.deliver'{delivery_tag = Held}, _}] = expect(Inbox, [<<"held">>]),
    call(S, #'basic.cancel'{consumer_tag = Tag}),
    send(S, <<>>, Name, [<<"late">>]),
    ready(S, Name, 1),
    call(S, #'basic.ack'{delivery_tag = Held}),
    holds(S, Name, [<<"late">>]),
    expect(Inbox, []).

get(S) ->
    Name = queue(S),
    holds(S, Name, []),
    send(S, <<>>, Name, [<<"1">>, <<"2">>]),
    {#'basic.get_ok'{message_count = 1}, _} = next(S, Name, false),
    {#'basic.get_ok'{message_count = 0}, _} = next(S, Name, true).

ack_multiple(S) ->
    Name = queue(S),
    send(S, <<>>, Name, [<<"0">>, <<"1">>, <<"2">>, <<"3">>, <<"4">>]),
    ready(S, Name, 5),
    Own = fork(S),
    Third = lists:nth(3, hold(Own, Name, 5)),
    call(Own, #'basic.ack'{delivery_tag = Third, multiple = true}),
    amqp_channel:close(Own#session.channel),
    ready(S, Name, 2),
    holds(S, Name, [<<"3!">>, <<"4!">>]).

reject(S) ->
    Name = queue(S),
    send(S, <<>>, Name, [<<"1">>, <<"2">>]),
    [One, Two] = hold(S, Name, 2),
    call(S, #'basic.reject'{delivery_tag = One, requeue = false}),
    call(S, #'basic.reject'{delivery_tag = Two, requeue = true}),
    ready(S, Name, 1),
    holds(S, Name, [<<"2!">>]).

nack(S) ->
    Name = queue(S),
    send(S, <<>>, Name, [<<"1">>, <<"2">>, <<"3">>]),
    Last = lists:last(hold(S, Name, 3)),
    call(S, #'basic.nack'{delivery_tag = Last, multiple = true, requeue = true}),
    ready(S, Name, 3),
    holds(S, Name, [<<"1!">>, <<"2!">>, <<"3!">>]).

requeue_order(S) ->
    Name = queue(S),
    send(S, <<>>, Name, [<<"1">>, <<"2">>, <<"3">>, <<"4">>]),
    [One, Two, Three] = hold(S, Name, 3),
    [call(S, #'basic.nack'{delivery_tag = Tag, requeue = true}) || Tag <- [Two, Three, One]],
    ready(S, Name, 4),
    holds(S, Name, [<<"1!">>, <<"2!">>, <<"3!">>, <<"4">>]).

recover(S) ->
    Name = queue(S),
    send(S, <<>>, Name, [<<"1">>, <<"2">>]),
    Inbox = consume(S, Name),
    expect(Inbox, [<<"1">>, <<"2">>]),
    call(S, #'basic.recover'{requeue = true}),
    expect(Inbox, [<<"1!">>, <<"2!">>]).

single_active(S) ->
    Name = queue(S, [{"x-single-active-consumer", true}]),
    Method = #'basic.consume'{no_ack = true},
    {#inbox{tag = Tag} = One, Two} = {consume(S, Name, Method), consume(S, Name, Method)},
    send(S, <<>>, Name, [<<"1">>]),
    expect(One, [<<"1">>]),
    call(S, #'basic.cancel'{consumer_tag = Tag}),
    send(S, <<>>, Name, [<<"2">>]),
    expect(Two, [<<"2">>]).

consumer_priority(S) ->
    Name = queue(S),
    [Low, High] = [
        consume(S, Name, #'basic.consume'{arguments = [{<<"x-priority">>, signedint, Priority}]})
        || Priority <- [0, 10]],
    send(S, <<>>, Name, [<<"1">>, <<"2">>, <<"3">>]),
    expect(High, [<<"1">>, <<"2">>, <<"3">>]),
    expect(Low, []).

exclusive_consumer(S) ->
    Name = queue(S),
    consume(S, Name, #'basic.consume'{exclusive = true}),
    Text = ["ACCESS_REFUSED - queue '", Name, "' in vhost '/' in exclusive use"],
    refused(S, 403, Text, fun(Own) -> consume(Own, Name) end).

server_cancel(S) ->
    Name = queue(S),
    #inbox{tag = Tag} = consume(S, Name),
    delete(fork(S), Name),
    receive #'basic.cancel'{consumer_tag = Tag} -> ok after 5000 -> error(not_cancelled) end,
    queue(S).
