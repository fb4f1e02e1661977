%% Queues and exchanges come and go, and what they route.
-module(declarations).
-export([all/0]).

-include_lib("amqp_client/include/amqp_client.hrl").
-include("client.hrl").
-import(client, [
    arguments/1, bind/4, call/2, channel/1, connect/1, consume/2, contains/2, declare/3, delete/2,
    equal/3, exchange/2, exchange/3, fresh/0, fresh/1, holds/3, messages/2, queue/1, queue/2,
    ready/3, refused/4, send/4, send/5, uri/0, with/1]).

all() ->
    [{Id, with(Work)} || {Id, Work} <- [
        {"declare", fun declare/1}, {"declare-passive", fun declare_passive/1},
        {"declare-inequivalent", fun declare_inequivalent/1},
        {"declare-arguments", fun declare_arguments/1}, {"server-named", fun server_named/1},
        {"auto-delete", fun auto_delete/1}, {"delete-conditions", fun delete_conditions/1},
        {"exclusive-queue", fun exclusive_queue/1}, {"queue-expires", fun queue_expires/1},
        {"exchange-direct", fun direct/1}, {"exchange-fanout", fun fanout/1},
        {"exchange-topic", fun topic/1}, {"exchange-headers", fun headers/1},
        {"exchange-binding", fun exchange_binding/1},
        {"alternate-exchange", fun alternate_exchange/1}, {"unbind", fun unbind/1}]].

declare(S) ->
    {Name, Exchange} = {fresh(), fresh("x")},
    declare(S, Name, []),
    declare(S, Name, []),
    send(S, <<>>, Name, [<<"1">>, <<"2">>, <<"3">>]),
    ready(S, Name, 3),
    equal(call(S, #'queue.purge'{queue = Name}), #'queue.purge_ok'{message_count = 3}, purge),
    [equal(delete(S, Name), #'queue.delete_ok'{message_count = 0}, delete) || _ <- [1, 2]],
    call(S, #'exchange.declare'{exchange = Exchange, durable = true}),
    call(S, #'exchange.declare'{exchange = Exchange, passive = true}),
    [#'exchange.delete_ok'{} = call(S, #'exchange.delete'{exchange = Exchange}) || _ <- [1, 2]].

declare_passive(S) ->
    Name = fresh(),
    refused(S, 404, ["NOT_FOUND - no queue '", Name, "' in vhost '/'"], fun(Own) ->
        messages(Own, Name)
    end),
    refused(S, 404, ["NOT_FOUND - no exchange '", Name, "' in vhost '/'"], fun(Own) ->
        call(Own, #'exchange.declare'{exchange = Name, passive = true})
    end).

declare_inequivalent(S) ->
    {Name, Exchange} = {queue(S), exchange(S, <<"direct">>)},
    Text = ["PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '", Name,
            "' in vhost '/': received 'true' but current is 'false'"],
    refused(S, 406, Text, fun(Own) ->
        call(Own, #'queue.declare'{queue = Name, exclusive = true, auto_delete = true})
    end),
    refused(S, 406, ["inequivalent arg 'type' for exchange '", Exchange, "'"], fun(Own) ->
        call(Own, #'exchange.declare'{
            exchange = Exchange, type = <<"fanout">>, auto_delete = true})
    end),
    call(S, #'exchange.delete'{exchange = Exchange}).

declare_arguments(S) ->
    Wrong = [{"x-message-ttl", -1}, {"x-max-priority", 256}, {"x-expires", 0},
             {"x-overflow", "nonsense"}],
    [refused(S, 406, ["PRECONDITION_FAILED - invalid arg '", Key, "'"], fun(Own) ->
        queue(Own, [{Key, Value}])
    end) || {Key, Value} <- Wrong].

server_named(S) ->
    #'queue.declare_ok'{queue = Name} = call(S, #'queue.declare'{exclusive = true}),
    contains(Name, "amq.gen-"),
    send(S, <<>>, Name, [<<"hello">>]),
    holds(S, Name, [<<"hello">>]).

auto_delete(S) ->
    Name = fresh(),
    call(S, #'queue.declare'{queue = Name, durable = true, auto_delete = true}),
    #inbox{tag = Tag} = consume(S, Name),
    call(S, #'basic.cancel'{consumer_tag = Tag}),
    refused(S, 404, Name, fun(Own) -> messages(Own, Name) end).

delete_conditions(S) ->
    Name = queue(S),
    send(S, <<>>, Name, [<<"1">>]),
    ready(S, Name, 1),
    refused(S, 406, "not empty", fun(Own) ->
        call(Own, #'queue.delete'{queue = Name, if_empty = true})
    end),
    consume(S, Name),
    refused(S, 406, "in use", fun(Own) ->
        call(Own, #'queue.delete'{queue = Name, if_unused = true})
    end),
    messages(S, Name).

exclusive_queue(Other) ->
    {ok, Connection} = connect(uri()),
    Name = queue(channel(Connection)),
    refused(Other, 405, ["locked queue '", Name, "'"], fun(Own) -> messages(Own, Name) end),
    amqp_connection:close(Connection),
    refused(Other, 404, Name, fun(Own) -> messages(Own, Name) end).

queue_expires(S) ->
    Name = queue(S, [{"x-expires", 300}]),
    timer:sleep(1000), % a passive declare would renew the lease
    refused(S, 404, Name, fun(Own) -> messages(Own, Name) end).

direct(S) ->
    {Exchange, Name} = {exchange(S, <<"direct">>), queue(S)},
    bind(S, Name, Exchange, [<<"red">>, <<"green">>]),
    [send(S, Exchange, Key, [Key]) || Key <- [<<"green">>, <<"blue">>, <<"red">>]],
    holds(S, Name, [<<"green">>, <<"red">>]).

fanout(S) ->
    {Exchange, One, Two} = {exchange(S, <<"fanout">>), queue(S), queue(S)},
    [bind(S, Name, Exchange, [<<>>]) || Name <- [One, Two]],
    send(S, Exchange, <<"any">>, [<<"all">>]),
    [holds(S, Name, [<<"all">>]) || Name <- [One, Two]].

topic(S) ->
    {Exchange, Name} = {exchange(S, <<"topic">>), queue(S)},
    bind(S, Name, Exchange, [<<"a.*.c">>, <<"x.#">>]),
    [send(S, Exchange, Key, [Key])
     || Key <- [<<"a.b.c">>, <<"a.b.b.c">>, <<"x">>, <<"x.y.z">>, <<"y.x">>]],
    holds(S, Name, [<<"a.b.c">>, <<"x">>, <<"x.y.z">>]).

headers(S) ->
    {Exchange, Every, Some} = {exchange(S, <<"headers">>), queue(S), queue(S)},
    [call(S, #'queue.bind'{queue = Name, exchange = Exchange,
        arguments = arguments([{"x-match", Match}, {"a", 1}, {"b", "x"}])})
     || {Name, Match} <- [{Every, "all"}, {Some, "any"}]],
    [send(S, Exchange, <<>>, [Body], #'P_basic'{headers = arguments(Headers)})
     || {Body, Headers} <- [
        {<<"1">>, [{"a", 1}, {"b", "x"}]}, {<<"2">>, [{"a", 1}]}, {<<"3">>, [{"c", 1}]}]],
    holds(S, Every, [<<"1">>]),
    holds(S, Some, [<<"1">>, <<"2">>]).

exchange_binding(S) ->
    {Source, Target, Name} = {exchange(S, <<"direct">>), fresh("x"), queue(S)},
    call(S, #'exchange.declare'{exchange = Target, type = <<"fanout">>}),
    call(S, #'exchange.bind'{source = Source, destination = Target, routing_key = <<"key">>}),
    bind(S, Name, Target, [<<>>]),
    bind(S, Name, Source, [<<"other">>]),
    send(S, Source, <<"key">>, [<<"first">>]),
    call(S, #'exchange.unbind'{source = Source, destination = Target, routing_key = <<"key">>}),
    send(S, Source, <<"key">>, [<<"second">>]),
    holds(S, Name, [<<"first">>]),
    call(S, #'exchange.delete'{exchange = Target}).

alternate_exchange(S) ->
    {Other, Name} = {exchange(S, <<"fanout">>), queue(S)},
    bind(S, Name, Other, [<<>>]),
    Exchange = exchange(S, <<"direct">>, [{"alternate-exchange", binary_to_list(Other)}]),
    send(S, Exchange, <<"nowhere">>, [<<"lost">>]),
    holds(S, Name, [<<"lost">>]),
    call(S, #'exchange.delete'{exchange = Exchange}).

unbind(S) ->
    Name = queue(S),
    bind(S, Name, <<"amq.direct">>, [Name]),
    send(S, <<"amq.direct">>, Name, [<<"1">>]),
    [#'queue.unbind_ok'{} = call(S, #'queue.unbind'{
        queue = Name, exchange = <<"amq.direct">>, routing_key = Name}) || _ <- [1, 2]],
    send(S, <<"amq.direct">>, Name, [<<"2">>]),
    holds(S, Name, [<<"1">>]).
