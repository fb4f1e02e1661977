%% amqp_client: the protocol with the runner, and what scenarios do with the library.
-module(client).
-export([main/0]).
-export([fresh/0, fresh/1, equal/3, contains/2, wait_for/2, cut/0, control/1]).
-export([uri/0, uri/1, relay/0, user/0, password/0, address/0]).
-export([connect/1, with/1, channel/1, fork/1, refuses/3, refused/4, ended/1]).
-export([call/2, queue/1, queue/2, exchange/2, exchange/3, bind/4, declare/3, delete/2]).
-export([send/4, send/5, get/3, next/3, hold/3, holds/3, messages/2, ready/3]).
-export([confirms/1, consume/2, consume/3, expect/2, arguments/1]).

-include_lib("amqp_client/include/amqp_client.hrl").
-include("client.hrl").

-define(LIMIT, 5000).

%% The protocol with the runner.

main() ->
    {ok, _} = application:ensure_all_started(amqp_client),
    All = maps:from_list(
        connections:all() ++ declarations:all() ++ messages:all() ++ queues:all()),
    [report(Id, run(maps:get(Id, All, missing))) || Id <- init:get_plain_arguments()],
    halt().

%% Each scenario has a process of its own, and so its own letters.
run(missing) -> {fail, "this client has no such scenario"};
run({skip, Reason}) -> {skip, Reason};
run(Work) ->
    {Pid, Monitor} = spawn_monitor(fun() -> Work(), exit(done) end),
    receive
        {'DOWN', Monitor, process, Pid, done} -> ok;
        {'DOWN', Monitor, process, Pid, Reason} -> {fail, Reason}
    after 50000 ->
        exit(Pid, kill),
        {fail, "not done in 50 s"}
    end.

report(Id, ok) -> io:format("ok ~s~n", [Id]);
report(Id, {What, Reason}) ->
    Text = lists:flatten(io_lib:format("~0tp", [Reason])),
    io:format("~s ~s ~ts~n", [What, Id, string:slice(Text, 0, 400)]).

fresh() -> fresh("q").

fresh(Kind) ->
    Random = binary:encode_hex(crypto:strong_rand_bytes(6)),
    iolist_to_binary(["interop-", Kind, "-", Random]).

equal(Same, Same, _) -> ok;
equal(Actual, Expected, What) -> error({What, Actual, expected, Expected}).

contains(Text, Part) ->
    case string:find(Text, Part) of
        nomatch -> error({Part, not_in, Text});
        _ -> ok
    end.

%% Asks until the answer is not false; gives the answer.
wait_for(What, Question) -> wait_for(What, Question, erlang:monotonic_time(millisecond) + ?LIMIT).

wait_for(What, Question, End) ->
    case Question() of
        false ->
            case erlang:monotonic_time(millisecond) > End of
                true -> error({What, not_in_time});
                false -> timer:sleep(10), wait_for(What, Question, End)
            end;
        Answer -> Answer
    end.

knock(Variable) ->
    [Host, Port] = string:split(os:getenv(Variable), ":"),
    {ok, Door} = gen_tcp:connect(Host, list_to_integer(Port), [binary, {active, false}]),
    Door.

%% Cuts the connections that run through the relay.
cut() -> gen_tcp:close(knock("AMQP_CUT")).

%% Asks the runner for trouble with the broker, and waits until it is done.
control(Word) ->
    Door = knock("AMQP_CONTROL"),
    ok = gen_tcp:send(Door, [Word, "\n"]),
    {ok, Answer} = gen_tcp:recv(Door, 0),
    gen_tcp:close(Door),
    equal(Answer, <<"ok\n">>, Word).

%% Where the broker is.

uri() -> os:getenv("AMQP_URI").
uri(More) -> uri() ++ More.
relay() -> os:getenv("AMQP_RELAY_URI").
parts() ->
    [Login, Address] = string:split(lists:nthtail(length("amqp://"), uri()), "@", trailing),
    [User, Password] = string:split(Login, ":"),
    {User, Password, hd(string:split(Address, "/"))}.
user() -> element(1, parts()).
password() -> element(2, parts()).
address() -> element(3, parts()).

%% Connections and channels.

connect(Uri) ->
    {ok, Parameters} = amqp_uri:parse(Uri),
    amqp_connection:start(Parameters).

%% A scenario on a connection of its own.
with(Work) ->
    fun() ->
        {ok, Connection} = connect(uri()),
        Work(channel(Connection)),
        amqp_connection:close(Connection)
    end.

channel(Connection) ->
    {ok, Channel} = amqp_connection:open_channel(Connection),
    #session{connection = Connection, channel = Channel}.

fork(#session{connection = Connection}) -> channel(Connection).

call(#session{channel = Channel}, Method) -> amqp_channel:call(Channel, Method).

%% The broker closes the channel with this code during the work or soon after it.
refuses(Own, {Code, Text}, Work) ->
    Monitor = monitor(process, Own#session.channel),
    try Work(Own) catch exit:_ -> called end,
    receive
        {'DOWN', Monitor, process, _, {shutdown, {server_initiated_close, Actual, Told}}} ->
            equal(Actual, Code, Told),
            contains(Told, Text);
        {'DOWN', Monitor, process, _, Other} ->
            error({closed, Other})
    after ?LIMIT -> error({no_error, Code})
    end.

%% The same, and nothing else is closed.
refused(S, Code, Text, Work) ->
    refuses(fork(S), {Code, iolist_to_binary(Text)}, Work),
    amqp_channel:close((fork(S))#session.channel).

%% Waits for the end of the connection.
ended(#session{connection = Connection}) ->
    Monitor = monitor(process, Connection),
    receive
        {'DOWN', Monitor, process, _, Reason} -> Reason
    after ?LIMIT -> error(loss_not_noticed)
    end.

%% Queues and exchanges.

arguments(List) ->
    [{iolist_to_binary(Key), type(Value), wire(Value)} || {Key, Value} <- List].

type(Value) when is_integer(Value) -> signedint;
type(Value) when is_boolean(Value) -> bool;
type(_) -> longstr.

wire(Value) when is_list(Value) -> list_to_binary(Value);
wire(Value) -> Value.

queue(S) -> queue(S, []).

%% An exclusive queue with these arguments.
queue(S, Arguments) ->
    Name = fresh(),
    Method = #'queue.declare'{
        queue = Name, exclusive = true, arguments = arguments(Arguments)},
    #'queue.declare_ok'{queue = Name} = call(S, Method),
    Name.

%% A durable queue that the scenario deletes.
declare(S, Name, Arguments) ->
    Method = #'queue.declare'{queue = Name, durable = true, arguments = arguments(Arguments)},
    #'queue.declare_ok'{} = call(S, Method),
    Name.

delete(S, Name) -> call(S, #'queue.delete'{queue = Name}).

exchange(S, Type) -> exchange(S, Type, []).

exchange(S, Type, Arguments) ->
    Name = fresh("x"),
    Method = #'exchange.declare'{
        exchange = Name, type = Type, auto_delete = true, arguments = arguments(Arguments)},
    #'exchange.declare_ok'{} = call(S, Method),
    Name.

bind(S, Queue, Exchange, Keys) ->
    [#'queue.bind_ok'{} = call(S, #'queue.bind'{
        queue = Queue, exchange = Exchange, routing_key = Key}) || Key <- Keys].

%% Messages in.

send(S, To, Key, Bodies) -> send(S, To, Key, Bodies, #'P_basic'{}).

send(#session{channel = Channel}, To, Key, Bodies, Properties) ->
    Method = #'basic.publish'{exchange = To, routing_key = Key},
    [ok = amqp_channel:call(Channel, Method, #amqp_msg{props = Properties, payload = Body})
     || Body <- Bodies].

%% Whether everything was acked, once everything is confirmed.
confirms(#session{channel = Channel}) -> amqp_channel:wait_for_confirms(Channel, 5).

%% Messages out.

get(S, Name, NoAck) ->
    case call(S, #'basic.get'{queue = Name, no_ack = NoAck}) of
        #'basic.get_empty'{} -> false;
        Message -> Message
    end.

%% The next message; it must be there.
next(S, Name, NoAck) ->
    case get(S, Name, NoAck) of
        false -> error({Name, empty});
        Message -> Message
    end.

%% Takes messages without ack; gives their tags.
hold(S, Name, Count) ->
    [begin
        {#'basic.get_ok'{delivery_tag = Tag}, _} = next(S, Name, false),
        Tag
    end || _ <- lists:seq(1, Count)].

%% Expects these messages, each a body with ! behind it if redelivered, and no more.
holds(S, Name, Expected) -> equal(drain(S, Name), Expected, Name).

drain(S, Name) ->
    case get(S, Name, true) of
        false -> [];
        {#'basic.get_ok'{redelivered = Again}, #amqp_msg{payload = Body}} ->
            [mark(Body, Again) | drain(S, Name)]
    end.

mark(Body, true) -> <<Body/binary, "!">>;
mark(Body, false) -> Body.

messages(S, Name) ->
    Answer = call(S, #'queue.declare'{queue = Name, passive = true}),
    Answer#'queue.declare_ok'.message_count.

%% The queue has that many messages, or will have them soon.
ready(S, Name, Count) -> wait_for({messages, Count}, fun() -> messages(S, Name) =:= Count end).

consume(S, Name) -> consume(S, Name, #'basic.consume'{}).

%% A consumer whose deliveries go to this process.
consume(#session{channel = Channel} = S, Name, Method) ->
    #'basic.consume_ok'{consumer_tag = Tag} =
        amqp_channel:subscribe(Channel, Method#'basic.consume'{queue = Name}, self()),
    receive #'basic.consume_ok'{consumer_tag = Tag} -> ok after ?LIMIT -> error(no_consume_ok) end,
    #inbox{session = S, tag = Tag}.

%% Waits for these bodies, with ! behind those that are redelivered, all that are delivered from
%% here on; gives the deliveries.
expect(#inbox{session = S, tag = Tag}, Bodies) ->
    Got = [receive_one(Tag, ?LIMIT) || _ <- Bodies],
    %% what was on its way has arrived after a round trip
    call(S, #'basic.qos'{prefetch_count = 0}),
    All = Got ++ [More || More <- [receive_one(Tag, 0)], More =/= none],
    Shown = [mark(Body, Deliver#'basic.deliver'.redelivered)
             || {Deliver, #amqp_msg{payload = Body}} <- All],
    equal(Shown, Bodies, deliveries),
    All.

receive_one(Tag, Limit) ->
    receive
        {#'basic.deliver'{consumer_tag = Tag}, _} = Delivery -> Delivery
    after Limit -> none
    end.
