%% Connections, and brokers that refuse, stop or make wait.
-module(connections).
-export([all/0]).

-include_lib("amqp_client/include/amqp_client.hrl").
-include("client.hrl").
-import(client, [
    bind/4, call/2, channel/1, confirms/1, connect/1, contains/2, control/1, cut/0, delete/2,
    declare/3, ended/1, equal/3, fresh/0, fresh/1, get/3, hold/3, holds/3, next/3, queue/1,
    ready/3, refused/4, relay/0, send/4, send/5, uri/0, uri/1, wait_for/2, with/1]).

all() ->
    [{"connect", fun connect/0}, {"connect-refused", fun connect_refused/0},
     {"connect-uri", fun connect_uri/0}, {"heartbeat", fun heartbeat/0},
     {"reconnect", fun reconnect/0}, {"restart", fun() -> survive("restart", 1) end},
     {"kill", fun() -> survive("kill", 0) end}, {"permissions", with(fun permissions/1)},
     {"blocked", with(fun blocked/1)}, {"publish-missing", with(fun publish_missing/1)},
     {"ack-unknown", with(fun ack_unknown/1)}, {"access-refused", with(fun access_refused/1)},
     {"bind-missing", with(fun bind_missing/1)}].

connect() ->
    {ok, Connection} = connect(uri()),
    [{server_properties, Properties}] = amqp_connection:info(Connection, [server_properties]),
    {_, _, Product} = lists:keyfind(<<"product">>, 1, Properties),
    {_, _, Version} = lists:keyfind(<<"version">>, 1, Properties),
    equal(Product, <<"RabbitMQ">>, product),
    contains(Version, "4."),
    ok = amqp_channel:close((channel(Connection))#session.channel),
    ok = amqp_connection:close(Connection).

connect_refused() ->
    Host = "@" ++ client:address(),
    {error, {auth_failure, Text}} = connect("amqp://" ++ client:user() ++ ":wrong" ++ Host ++ "/%2F"),
    contains(Text, "ACCESS_REFUSED - Login was refused"),
    Login = client:user() ++ ":" ++ client:password(),
    %% its name for 530
    {error, not_allowed} = connect("amqp://" ++ Login ++ Host ++ "/no-such-vhost").

connect_uri() ->
    Plain = "amqp://" ++ client:user() ++ ":" ++ client:password() ++ "@" ++ client:address(),
    [begin
        {ok, Connection} = connect(Uri),
        queue(channel(Connection)),
        ok = amqp_connection:close(Connection)
    end || Uri <- [uri(), uri("?heartbeat=7"), Plain]].

heartbeat() ->
    {ok, Connection} = connect(uri("?heartbeat=1")),
    timer:sleep(3500),
    queue(channel(Connection)),
    ok = amqp_connection:close(Connection).

reconnect() ->
    {ok, First} = connect(relay()),
    S = channel(First),
    Name = declare(S, fresh(), []),
    send(S, <<>>, Name, [<<"held">>]),
    hold(S, Name, 1),
    cut(),
    ended(S),
    {ok, Second} = connect(relay()),
    T = channel(Second),
    ready(T, Name, 1),
    holds(T, Name, [<<"held!">>]),
    delete(T, Name),
    amqp_connection:close(Second).

%% What is durable and confirmed outlives the broker; of three messages some are taken.
survive(Word, Taken) ->
    {ok, First} = connect(relay()),
    S = channel(First),
    Exchange = fresh("x"),
    Name = declare(S, fresh(), []),
    call(S, #'exchange.declare'{exchange = Exchange, durable = true}),
    bind(S, Name, Exchange, [<<"key">>]),
    call(S, #'confirm.select'{}),
    Bodies = [<<"1">>, <<"2">>, <<"3">>],
    send(S, Exchange, <<"key">>, Bodies, #'P_basic'{delivery_mode = 2}),
    send(S, Exchange, <<"key">>, [<<"transient">>], #'P_basic'{delivery_mode = 1}),
    true = confirms(S),
    [next(S, Name, true) || _ <- lists:seq(1, Taken)],
    hold(S, Name, 1),
    Watcher = spawn_monitor(fun() -> ended(S) end),
    control(Word),
    receive {'DOWN', _, process, Pid, normal} when Pid =:= element(1, Watcher) -> ok
    after 6000 -> error(loss_not_noticed) end,
    {ok, Second} = connect(relay()),
    T = channel(Second),
    Left = lists:nthtail(Taken, Bodies),
    equal([Body || _ <- Left, {_, #amqp_msg{payload = Body}} <- [next(T, Name, true)]],
          Left, messages),
    false = get(T, Name, true),
    send(T, Exchange, <<"key">>, [<<"after">>]),
    ready(T, Name, 1),
    holds(T, Name, [<<"after">>]),
    delete(T, Name),
    call(T, #'exchange.delete'{exchange = Exchange}),
    amqp_connection:close(Second).

permissions(S) ->
    Text = fun(Access, What, Name) ->
        ["ACCESS_REFUSED - ", Access, " access to ", What, " '", Name,
         "' in vhost '/' refused for user '", client:user(), "'"]
    end,
    One = fresh("no-configure"),
    refused(S, 403, Text("configure", "queue", One), fun(Own) ->
        call(Own, #'queue.declare'{queue = One, exclusive = true})
    end),
    Two = fresh("no-write"),
    call(S, #'exchange.declare'{exchange = Two, auto_delete = true}),
    refused(S, 403, Text("write", "exchange", Two), fun(Own) ->
        send(Own, Two, <<"key">>, [<<"lost">>])
    end),
    Three = fresh("no-read"),
    call(S, #'queue.declare'{queue = Three, exclusive = true}),
    refused(S, 403, Text("read", "queue", Three), fun(Own) -> get(Own, Three, true) end).

blocked(#session{connection = Connection} = S) ->
    Name = queue(S),
    amqp_connection:register_blocked_handler(Connection, self()),
    control("block"),
    put(sent, 0),
    wait_for(blocked, fun() ->
        send(S, <<>>, Name, [<<"1">>]),
        put(sent, get(sent) + 1),
        receive #'connection.blocked'{reason = Reason} -> contains(Reason, "low on "), true
        after 50 -> false end
    end),
    control("unblock"),
    receive #'connection.unblocked'{} -> ok after 5000 -> error(still_blocked) end,
    send(S, <<>>, Name, [<<"1">>]),
    ready(S, Name, get(sent) + 1).

publish_missing(S) ->
    Name = fresh("x"),
    refused(S, 404, ["NOT_FOUND - no exchange '", Name, "' in vhost '/'"], fun(Own) ->
        send(Own, Name, <<"key">>, [<<"lost">>])
    end).

ack_unknown(S) ->
    refused(S, 406, "PRECONDITION_FAILED - unknown delivery tag 99", fun(Own) ->
        call(Own, #'basic.ack'{delivery_tag = 99})
    end).

access_refused(S) ->
    refused(S, 403, "ACCESS_REFUSED - exchange name 'amq.mine'", fun(Own) ->
        call(Own, #'exchange.declare'{exchange = <<"amq.mine">>})
    end),
    Name = queue(S),
    refused(S, 403, "ACCESS_REFUSED - operation not permitted", fun(Own) ->
        bind(Own, Name, <<>>, [<<"key">>])
    end).

bind_missing(S) ->
    {Name, Exchange} = {queue(S), fresh("x")},
    refused(S, 404, ["NOT_FOUND - no exchange '", Exchange, "' in vhost '/'"], fun(Own) ->
        bind(Own, Name, Exchange, [<<"key">>])
    end).
