<?php
// The protocol with the runner, and a few checks.

set_error_handler(function (int $level, string $text): bool {
    // the library touches sockets that have closed
    return ($level & (E_WARNING | E_NOTICE | E_DEPRECATED)) !== 0;
});

preg_match('#^amqp://([^:]*):([^@]*)@([^:]*):(\d+)/#', getenv('AMQP_URI'), $parts);
[, $user, $password, $host, $port] = $parts;
define('USER', $user);
define('PASSWORD', $password);
define('HOST', $host);
define('PORT', (int) $port);

$scenarios = [];

class Skip extends Exception
{
}

function scenario(string $id, callable $work): void
{
    $GLOBALS['scenarios'][$id] = $work;
}

function fresh(string $kind = 'q'): string
{
    return "interop-$kind-" . bin2hex(random_bytes(6));
}

function equal($actual, $expected, string $what = 'value'): void
{
    if ($actual !== $expected) {
        throw new Exception("$what: " . json_encode($actual) . ', not ' . json_encode($expected));
    }
}

function contains(string $text, string $part): void
{
    if (!str_contains($text, $part)) {
        throw new Exception("\"$part\" is not in \"$text\"");
    }
}

/** Asks until the answer is true; gives the answer. */
function wait_for(string $what, callable $question, float $limit = 5)
{
    $end = microtime(true) + $limit;
    while (!($answer = $question())) {
        if (microtime(true) > $end) {
            throw new Exception("$what: not within $limit s");
        }
        usleep(10_000);
    }
    return $answer;
}

/** Cuts the connections that run through the relay. */
function cut(): void
{
    fclose(stream_socket_client('tcp://' . getenv('AMQP_CUT')));
}

/** Asks the runner for trouble with the broker, and waits until it is done. */
function control(string $word): void
{
    $door = stream_socket_client('tcp://' . getenv('AMQP_CONTROL'));
    fwrite($door, "$word\n");
    equal(stream_get_contents($door), "ok\n", $word);
}

/** Runs the scenarios named on the command line. */
function main(array $ids): void
{
    foreach ($ids as $id) {
        try {
            $work = $GLOBALS['scenarios'][$id] ?? throw new Exception('no such scenario');
            $work();
            echo "ok $id\n";
        } catch (Skip $reason) {
            echo "skip $id {$reason->getMessage()}\n";
        } catch (Throwable $error) {
            fwrite(STDERR, "$error\n");
            $text = preg_replace('/\s+/', ' ', get_class($error) . ': ' . $error->getMessage());
            echo "fail $id $text\n";
        }
    }
}
