%% What queues do by their arguments.
-module(queues).
-export([all/0]).

-include_lib("amqp_client/include/amqp_client.hrl").
-include("client.hrl").
-import(client, [
    call/2, confirms/1, consume/2, consume/3, declare/3, delete/2, equal/3, expect/2, fork/1,
    fresh/0, get/3, hold/3, holds/3, next/3, queue/1, queue/2, ready/3, send/4, send/5,
    wait_for/2, with/1]).

all() ->
    [{Id, with(Work)} || {Id, Work} <- [
        {"priority", fun priority/1}, {"ttl-message", fun ttl_message/1},
        {"ttl-queue", fun ttl_queue/1}, {"dead-letter", fun dead_letter/1},
        {"max-length", fun max_length/1}, {"quorum", fun quorum/1}, {"stream", fun stream/1}]].

dead_letters_to(Name) ->
    [{"x-dead-letter-exchange", ""}, {"x-dead-letter-routing-key", binary_to_list(Name)}].

header(#amqp_msg{props = #'P_basic'{headers = Headers}}, Key) ->
    {Key, _, Value} = lists:keyfind(Key, 1, Headers),
    Value.

%% Queue, reason and count of each entry of x-death.
deaths(Message) ->
    [[element(3, lists:keyfind(Key, 1, Death)) || Key <- [<<"queue">>, <<"reason">>, <<"count">>]]
     || {table, Death} <- header(Message, <<"x-death">>)].

typed(S, Type) ->
    Name = declare(S, fresh(), [{"x-queue-type", Type}]),
    call(S, #'confirm.select'{}),
    Name.

priority(S) ->
    Name = queue(S, [{"x-max-priority", 5}]),
    [send(S, <<>>, Name, [integer_to_binary(Priority)], #'P_basic'{priority = Priority})
     || Priority <- [1, 9, 0, 5, 3]],
    holds(S, Name, [<<"9">>, <<"5">>, <<"3">>, <<"1">>, <<"0">>]).

ttl_message(S) ->
    Name = queue(S),
    send(S, <<>>, Name, [<<"short">>], #'P_basic'{expiration = <<"200">>}),
    [ready(S, Name, Count) || Count <- [1, 0]].

ttl_queue(S) ->
    Name = queue(S, [{"x-message-ttl", 200}]),
    send(S, <<>>, Name, [<<"short">>]),
    [ready(S, Name, Count) || Count <- [1, 0]].

dead_letter(S) ->
    Third = queue(S),
    Second = queue(S, dead_letters_to(Third)),
    First = queue(S, [{"x-message-ttl", 100} | dead_letters_to(Second)]),
    send(S, <<>>, First, [<<"dead">>]),
    [{#'basic.deliver'{delivery_tag = Tag}, _}] = expect(consume(S, Second), [<<"dead">>]),
    call(S, #'basic.reject'{delivery_tag = Tag, requeue = false}),
    ready(S, Third, 1),
    {_, Message} = next(S, Third, true),
    equal(deaths(Message), [[Second, <<"rejected">>, 1], [First, <<"expired">>, 1]], deaths),
    equal(header(Message, <<"x-first-death-reason">>), <<"expired">>, reason).

max_length(S) ->
    Dead = queue(S),
    Name = queue(S, [{"x-max-length", 2} | dead_letters_to(Dead)]),
    send(S, <<>>, Name, [<<"1">>, <<"2">>, <<"3">>]),
    ready(S, Dead, 1),
    {_, #amqp_msg{payload = Body} = Message} = next(S, Dead, true),
    equal({Body, deaths(Message)}, {<<"1">>, [[Name, <<"maxlen">>, 1]]}, dead),
    holds(S, Name, [<<"2">>, <<"3">>]).

quorum(S) ->
    Name = typed(S, "quorum"),
    send(S, <<>>, Name, [<<"kept">>], #'P_basic'{delivery_mode = 2}),
    true = confirms(S),
    [Tag] = hold(S, Name, 1),
    call(S, #'basic.nack'{delivery_tag = Tag, requeue = true}),
    {Ok, Message} = wait_for(redelivery, fun() -> get(S, Name, true) end),
    equal(Ok#'basic.get_ok'.redelivered, true, redelivered),
    equal(header(Message, <<"x-acquired-count">>), 1, acquired),
    delete(S, Name).

stream(S) ->
    Name = typed(S, "stream"),
    Bodies = [<<"1">>, <<"2">>, <<"3">>],
    send(S, <<>>, Name, Bodies),
    true = confirms(S),
    From = #'basic.consume'{arguments = [{<<"x-stream-offset">>, longstr, <<"first">>}]},
    [begin
        Own = fork(S),
        call(Own, #'basic.qos'{prefetch_count = 10}),
        Got = expect(consume(Own, Name, From), Bodies),
        Offsets = [header(Message, <<"x-stream-offset">>) || {_, Message} <- Got],
        equal(Offsets, [0, 1, 2], offsets),
        amqp_channel:close(Own#session.channel)
    end || _ <- [1, 2]],
    delete(S, Name).
