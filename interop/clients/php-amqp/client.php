<?php
// The amqp extension, which is made of librabbitmq.

require __DIR__ . '/../shared/php/harness.php';

function connect(array $with = []): AMQPConnection
{
    $connection = new AMQPConnection($with + [
        'host' => HOST, 'port' => PORT, 'login' => USER, 'password' => PASSWORD, 'vhost' => '/',
        'read_timeout' => 5,
    ]);
    $connection->connect();
    return $connection;
}

function relay(): array
{
    preg_match('#:(\d+)/#', getenv('AMQP_RELAY_URI'), $relay);
    return ['port' => (int) $relay[1]];
}

/** A scenario on a connection of its own. */
function on_channel(string $id, callable $work): void
{
    scenario($id, function () use ($work) {
        $connection = connect();
        $work(new Session($connection));
        $connection->disconnect();
    });
}

/** Expects the broker to refuse what the work does. */
function refuses(int $code, string $text, callable $work): void
{
    try {
        $work();
    } catch (AMQPException $error) {
        equal($error->getCode(), $code, 'reply code');
        contains($error->getMessage(), $text);
        return;
    }
    throw new Exception("no error $code");
}

/** A connection with one channel, and what scenarios do with them. */
class Session
{
    public AMQPChannel $channel;

    public function __construct(public AMQPConnection $connection)
    {
        $this->channel = new AMQPChannel($connection);
        $this->channel->qos(0, 0); // it begins with a prefetch of 3
    }

    public function fork(): Session
    {
        return new Session($this->connection);
    }

    /** A queue as the library shows it, not declared yet. */
    public function named(string $name, int $flags = AMQP_NOPARAM, array $arguments = []): AMQPQueue
    {
        $queue = new AMQPQueue($this->channel);
        if ($name !== '') {
            $queue->setName($name);
        }
        $queue->setFlags($flags);
        $queue->setArguments($arguments);
        return $queue;
    }

    /** An exclusive queue with these arguments. */
    public function queue(array $arguments = []): string
    {
        $name = fresh();
        $this->named($name, AMQP_EXCLUSIVE, $arguments)->declareQueue();
        return $name;
    }

    public function named_exchange(
        string $name, string $kind = 'direct', int $flags = AMQP_NOPARAM, array $arguments = [],
    ): AMQPExchange {
        $exchange = new AMQPExchange($this->channel);
        $exchange->setName($name);
        $exchange->setType($kind);
        $exchange->setFlags($flags);
        $exchange->setArguments($arguments);
        return $exchange;
    }

    public function exchange(string $kind, array $arguments = []): string
    {
        $name = fresh('x');
        $this->named_exchange($name, $kind, AMQP_AUTODELETE, $arguments)->declareExchange();
        return $name;
    }

    public function bind(string $queue, string $exchange, string ...$keys): void
    {
        foreach ($keys as $key) {
            $this->named($queue)->bind($exchange, $key);
        }
    }

    public function send(string $to, string $key, array $bodies, array $properties = []): void
    {
        $exchange = new AMQPExchange($this->channel);
        $exchange->setName($to);
        foreach ($bodies as $body) {
            $exchange->publish((string) $body, $key, AMQP_NOPARAM, $properties);
        }
    }

    /** The next message; it must be there. */
    public function next(string $name, int $flags = AMQP_AUTOACK): AMQPEnvelope
    {
        return $this->named($name)->get($flags) ?: throw new Exception("$name is empty");
    }

    /** Takes messages without ack; gives their tags. */
    public function hold(string $name, int $count): array
    {
        $tags = [];
        while (count($tags) < $count) {
            $tags[] = $this->next($name, AMQP_NOPARAM)->getDeliveryTag();
        }
        return $tags;
    }

    /** Expects these messages, each a body with ! behind it if redelivered, and no more. */
    public function holds(string $name, array $expected): void
    {
        $shown = [];
        while ($message = $this->named($name)->get(AMQP_AUTOACK)) {
            $shown[] = $message->getBody() . ($message->isRedelivery() ? '!' : '');
        }
        equal($shown, $expected, $name);
    }

    public function passive(string $name): int
    {
        return $this->named($name, AMQP_PASSIVE)->declareQueue();
    }

    /** The queue has that many messages, or will have them soon. */
    public function ready(string $name, int $count): void
    {
        wait_for("$count messages", fn () => $this->passive($name) === $count);
    }

    /** Expects the broker to close the channel that the work is given, and nothing else. */
    public function refused(int $code, string $text, callable $work): void
    {
        $own = $this->fork();
        refuses($code, $text, function () use ($own, $work) {
            $work($own);
            $own->channel->qos(0, 1);
        });
        $this->fork()->channel->close();
    }

    /** Waits until so many publishes are confirmed; whether one was nacked. */
    public function confirmed(int $count): bool
    {
        $nacked = false;
        $waiting = array_fill(1, $count, true);
        // what need not wait for the disk may be confirmed before what does
        $take = function (int $tag, bool $multiple) use (&$waiting): bool {
            foreach ($multiple ? range(1, $tag) : [$tag] as $each) {
                unset($waiting[$each]);
            }
            return $waiting !== [];
        };
        $this->channel->setConfirmCallback($take, function ($tag, $multiple) use ($take, &$nacked) {
            $nacked = true;
            return $take($tag, $multiple);
        });
        $this->channel->waitForConfirm(5);
        equal($waiting, [], 'not confirmed');
        return $nacked;
    }
}

/** A consumer that keeps what it gets. */
class Inbox
{
    public array $got = [];
    public AMQPQueue $queue;
    public string $tag;

    public function __construct(
        private Session $session, string $name, int $flags = AMQP_NOPARAM, array $arguments = [],
    ) {
        $this->queue = $session->named($name, AMQP_NOPARAM, $arguments);
        $this->tag = fresh('c');
        $this->queue->consume(null, $flags, $this->tag);
    }

    /** Waits for so many deliveries, if that many come. */
    private function take(int $count, float $seconds): void
    {
        $this->session->connection->setReadTimeout($seconds);
        try {
            $this->queue->consume(function (AMQPEnvelope $message) use ($count) {
                equal($message->getConsumerTag(), $this->tag, 'consumer tag');
                $this->got[] = $message;
                return count($this->got) < $count;
            }, AMQP_JUST_CONSUME);
        } catch (AMQPQueueException $late) {
            contains($late->getMessage(), 'timeout');
        }
        $this->session->connection->setReadTimeout(5);
    }

    /** Waits for these bodies, all that were ever delivered. */
    public function expect(array $bodies): void
    {
        if (count($this->got) < count($bodies)) {
            $this->take(count($bodies), 5);
        }
        $this->session->channel->qos(0, 0); // what was on its way has arrived after a round trip
        $this->take(100, 0.05);
        $texts = array_map(fn ($message) => $message->getBody(), $this->got);
        equal($texts, array_map('strval', $bodies), 'deliveries');
    }

    public function redelivered(): array
    {
        return array_map(fn ($message) => $message->isRedelivery(), $this->got);
    }
}

foreach (['connections', 'declarations', 'messages', 'consumers', 'queues'] as $part) {
    require __DIR__ . "/$part.php";
}

main(array_slice($argv, 1));
