<?php
// php-amqplib.

require 'PhpAmqpLib/autoload.php';
require __DIR__ . '/../shared/php/harness.php';

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPConnectionClosedException;
use PhpAmqpLib\Exception\AMQPProtocolException;
use PhpAmqpLib\Exception\AMQPTimeoutException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

function connect(
    int $port = PORT, string $password = PASSWORD, string $vhost = '/', int $heartbeat = 0,
): AMQPStreamConnection {
    return new AMQPStreamConnection(
        HOST, $port, USER, $password, $vhost, false, 'AMQPLAIN', null, 'en_US', 5, 10, null,
        true, $heartbeat
    );
}

/** A scenario on a connection of its own. */
function on_channel(string $id, callable $work): void
{
    scenario($id, function () use ($work) {
        $connection = connect();
        $work(new Session($connection));
        $connection->close();
    });
}

/** Expects the broker to refuse what the work does. */
function refuses(int $code, string $text, callable $work): void
{
    try {
        $work();
    } catch (AMQPProtocolException | AMQPConnectionClosedException $error) {
        equal($error->getCode(), $code, 'reply code');
        contains($error->getMessage(), $text);
        return;
    }
    throw new Exception("no error $code");
}

/** A connection with one channel, and what scenarios do with them. */
class Session
{
    public AMQPChannel $raw;

    public function __construct(public AMQPStreamConnection $connection)
    {
        $this->raw = $connection->channel();
    }

    public function fork(): Session
    {
        return new Session($this->connection);
    }

    /** An exclusive queue with these arguments. */
    public function queue(array $arguments = []): string
    {
        $table = new AMQPTable($arguments);
        $answer = $this->raw->queue_declare(fresh(), false, false, true, false, false, $table);
        return $answer[0];
    }

    public function exchange(string $kind, array $arguments = []): string
    {
        $name = fresh('x');
        $table = new AMQPTable($arguments);
        $this->raw->exchange_declare($name, $kind, false, false, true, false, false, $table);
        return $name;
    }

    public function send(string $exchange, string $key, array $bodies, array $properties = []): void
    {
        foreach ($bodies as $body) {
            $message = new AMQPMessage((string) $body, $properties);
            $this->raw->basic_publish($message, $exchange, $key);
        }
    }

    /** The next message; it must be there. */
    public function next(string $name, bool $noAck = true): AMQPMessage
    {
        return $this->raw->basic_get($name, $noAck) ?? throw new Exception("$name is empty");
    }

    /** Takes messages without ack; gives their tags. */
    public function hold(string $name, int $count): array
    {
        $tags = [];
        while (count($tags) < $count) {
            $tags[] = $this->next($name, false)->getDeliveryTag();
        }
        return $tags;
    }

    /** Expects these messages, each a body with ! behind it if redelivered, and no more. */
    public function holds(string $name, array $expected): void
    {
        $shown = [];
        while ($message = $this->raw->basic_get($name, true)) {
            $shown[] = $message->body . ($message->isRedelivered() ? '!' : '');
        }
        equal($shown, $expected, $name);
    }

    public function passive(string $name): int
    {
        return $this->raw->queue_declare($name, true)[1];
    }

    /** The queue has that many messages, or will have them soon. */
    public function ready(string $name, int $count): void
    {
        wait_for("$count messages", fn () => $this->passive($name) === $count);
    }

    /** Reads what has come. */
    public function pump(float $seconds = 0.01): void
    {
        try {
            $this->raw->wait(null, false, $seconds);
        } catch (AMQPTimeoutException) {
        }
    }

    /** Expects the broker to close the channel that the work is given, and nothing else. */
    public function refused(int $code, string $text, callable $work): void
    {
        $own = $this->fork();
        refuses($code, $text, function () use ($own, $work) {
            $work($own);
            $own->raw->basic_qos(0, 1, false);
        });
        $this->fork()->raw->close();
    }
}

/** A consumer that keeps what it gets. */
class Inbox
{
    public array $got = [];
    public string $tag;

    public function __construct(
        private Session $session, string $queue, bool $noAck = false, bool $exclusive = false,
        array $arguments = [],
    ) {
        $keep = function (AMQPMessage $message) {
            $this->got[] = $message;
        };
        $this->tag = $session->raw->basic_consume(
            $queue, '', false, $noAck, $exclusive, false, $keep, null, new AMQPTable($arguments)
        );
    }

    /** Waits for these bodies, all that were ever delivered. */
    public function expect(array $bodies): void
    {
        wait_for(count($bodies) . ' deliveries', function () use ($bodies) {
            if (count($this->got) < count($bodies)) {
                $this->session->pump();
            }
            return count($this->got) >= count($bodies);
        });
        $this->session->pump();
        $texts = array_map(fn ($message) => $message->body, $this->got);
        equal($texts, array_map('strval', $bodies), 'deliveries');
    }

    public function redelivered(): array
    {
        return array_map(fn ($message) => $message->isRedelivered(), $this->got);
    }
}

$parts = [
    'connections', 'trouble', 'declarations', 'routing', 'publishing', 'consuming', 'queues',
];
foreach ($parts as $part) {
    require __DIR__ . "/$part.php";
}

main(array_slice($argv, 1));
