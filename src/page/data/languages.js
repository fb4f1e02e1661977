/**
 * How a program that publishes one message looks, by language.
 *
 * @typedef {import('./commands.js').Publishing} Publishing
 */

import {
  ELIXIR,
  GO,
  JAVA,
  PHP,
  PYTHON,
  RUBY,
  RUST,
  SCRIPT,
  SHARP,
  camel,
  hashed,
  joined,
  pascal,
  plain,
  propertiesOf,
  rustText,
  write,
} from './notations.js';

/** @param {Publishing} message */
const isText = ({ payload_encoding: encoding }) => encoding === 'string';

/**
 * @param {Publishing} message
 * @param {string} uri
 */
function python(message, uri) {
  const literal = (/** @type {any} */ value) => write(value, PYTHON);
  const all = propertiesOf(message.properties, plain, (_, value) => literal(value));
  const body = isText(message)
    ? `${literal(message.payload)}.encode()`
    : `base64.b64decode(${literal(message.payload)})`;
  const program = `${body} ${joined('', '=', '')(all)}`;
  const modules = ['base64', 'decimal'].filter((name) => program.includes(`${name}.`));
  return `# pip install pika
${modules.map((name) => `import ${name}\n`).join('')}import pika

connection = pika.BlockingConnection(pika.URLParameters(${literal(uri)}))
channel = connection.channel()
channel.basic_publish(
    exchange=${literal(message.exchange)},
    routing_key=${literal(message.routing_key)},
    properties=pika.BasicProperties(${joined('', '=', '')(all)}),
    body=${body},
)
connection.close()
`;
}

/**
 * @param {Publishing} message
 * @param {string} uri
 */
function script(message, uri) {
  const literal = (/** @type {any} */ value) => write(value, SCRIPT);
  const all = propertiesOf(message.properties, camel, (_, value) => literal(value), [
    'cluster_id',
  ]);
  const encoding = isText(message) ? 'utf8' : 'base64';
  return `// npm install amqplib; save as publish.mjs
import amqp from 'amqplib';

const connection = await amqp.connect(${literal(uri)});
const channel = await connection.createConfirmChannel();
channel.publish(
  ${literal(message.exchange)},
  ${literal(message.routing_key)},
  Buffer.from(${literal(message.payload)}, '${encoding}'),
  ${joined('{ ', ': ', ' }')(all)},
);
await channel.waitForConfirms();
await connection.close();
`;
}

/**
 * @param {Publishing} message
 * @param {string} uri
 */
function java(message, uri) {
  const literal = (/** @type {any} */ value) => write(value, JAVA);
  const all = propertiesOf(message.properties, camel, (name, value) => {
    if (name === 'timestamp') return `new Date(${value}000L)`;
    return typeof value === 'number' ? String(value) : literal(value);
  });
  const set = all.map(([name, value]) => `                .${name}(${value})\n`).join('');
  const body = isText(message)
    ? `${literal(message.payload)}.getBytes(StandardCharsets.UTF_8)`
    : `Base64.getDecoder().decode(${literal(message.payload)})`;
  return `// com.rabbitmq:amqp-client
import com.rabbitmq.client.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

public class Publish {
    static Map<String, Object> table(Object... pairs) {
        Map<String, Object> table = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) table.put((String) pairs[i], pairs[i + 1]);
        return table;
    }

    public static void main(String[] arguments) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(${literal(uri)});
        try (Connection connection = factory.newConnection();
             Channel channel = connection.createChannel()) {
            AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
${set}                .build();
            channel.basicPublish(
                ${literal(message.exchange)}, ${literal(message.routing_key)},
                properties, ${body});
        }
    }
}
`;
}

/**
 * @param {Publishing} message
 * @param {string} uri
 */
function sharp(message, uri) {
  const literal = (/** @type {any} */ value) => write(value, SHARP);
  const all = propertiesOf(message.properties, pascal, (name, value) => {
    if (name === 'timestamp') return `new AmqpTimestamp(${value})`;
    if (name === 'delivery_mode') return `(DeliveryModes)${value}`;
    return typeof value === 'number' ? String(value) : literal(value);
  });
  const body = isText(message)
    ? `Encoding.UTF8.GetBytes(${literal(message.payload)})`
    : `Convert.FromBase64String(${literal(message.payload)})`;
  return `// dotnet add package RabbitMQ.Client
using System.Text;
using RabbitMQ.Client;

var factory = new ConnectionFactory { Uri = new Uri(${literal(uri)}) };
await using var connection = await factory.CreateConnectionAsync();
await using var channel = await connection.CreateChannelAsync();
var properties = new BasicProperties ${joined('{ ', ' = ', ' }')(all)};
await channel.BasicPublishAsync(
    ${literal(message.exchange)}, ${literal(message.routing_key)}, false, properties,
    ${body});
`;
}

/**
 * @param {Publishing} message
 * @param {string} uri
 */
function go(message, uri) {
  const literal = (/** @type {any} */ value) => write(value, GO);
  const all = propertiesOf(
    message.properties,
    pascal,
    (name, value) => {
      if (name === 'timestamp') return `time.Unix(${value}, 0)`;
      return typeof value === 'number' ? String(value) : literal(value);
    },
    ['cluster_id'],
  );
  const fields = all.map(([name, value]) => `\t\t${name}: ${value},\n`).join('');
  const hasTime = message.properties.timestamp !== undefined;
  const imports = [
    ...(isText(message) ? [] : ['"encoding/base64"']),
    '"log"',
    ...(hasTime ? ['"time"'] : []),
    '',
    'amqp "github.com/rabbitmq/amqp091-go"',
  ];
  const body = isText(message)
    ? `\tbody := []byte(${literal(message.payload)})\n`
    : `\tbody, err := base64.StdEncoding.DecodeString(${literal(message.payload)})\n\tcheck(err)\n`;
  return `// go get github.com/rabbitmq/amqp091-go
package main

import (
${imports.map((line) => (line ? `\t${line}` : '')).join('\n')}
)

func check(err error) {
\tif err != nil {
\t\tlog.Fatal(err)
\t}
}

func main() {
\tconnection, err := amqp.Dial(${literal(uri)})
\tcheck(err)
\tdefer connection.Close()
\tchannel, err := connection.Channel()
\tcheck(err)
${body}\texchange, key := ${literal(message.exchange)}, ${literal(message.routing_key)}
\tcheck(channel.Publish(exchange, key, false, false, amqp.Publishing{
${fields}\t\tBody: body,
\t}))
}
`;
}

/**
 * @param {Publishing} message
 * @param {string} uri
 */
function rust(message, uri) {
  const { headers = {}, ...properties } = message.properties;
  const named = (/** @type {string} */ name) => (name === 'type' ? 'kind' : name);
  const all = propertiesOf(properties, named, (_, value) =>
    typeof value === 'number' ? String(value) : `${rustText(String(value))}.into()`,
  );
  const set = all.map(([name, value]) => `        .with_${name}(${value})\n`).join('');
  const pairs = Object.entries(headers).map(
    ([name, value]) => `(${rustText(name)}, ${write(value, RUST)})`,
  );
  const body = isText(message)
    ? `${rustText(message.payload)}.as_bytes()`
    : `&[${[...atob(message.payload)].map((letter) => letter.charCodeAt(0)).join(', ')}]`;
  return `// cargo add lapin; cargo add tokio --features full
use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Connection, ConnectionProperties};

fn table(pairs: Vec<(&str, AMQPValue)>) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in pairs {
        table.insert(name.into(), value);
    }
    table
}

#[tokio::main]
async fn main() -> lapin::Result<()> {
    let uri = ${rustText(uri)};
    let connection = Connection::connect(uri, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let properties = BasicProperties::default()
${set}        .with_headers(table(vec![${pairs.join(', ')}]));
    let options = BasicPublishOptions::default();
    let body: &[u8] = ${body};
    channel
        .basic_publish(
            ${rustText(message.exchange)}.into(),
            ${rustText(message.routing_key)}.into(),
            options,
            body,
            properties,
        )
        .await?
        .await?;
    connection.close(200, "done".into()).await
}
`;
}

/**
 * @param {Publishing} message
 * @param {string} uri
 */
function ruby(message, uri) {
  const literal = (/** @type {any} */ value) => write(value, RUBY);
  const all = propertiesOf(message.properties, plain, (_, value) => literal(value));
  const body = isText(message)
    ? literal(message.payload)
    : `${literal(message.payload)}.unpack1("m")`;
  const options = all.map(([name, value]) => `, ${name}: ${value}`).join('');
  return `# gem install bunny
require "bunny"

connection = Bunny.new(${literal(uri)}).start
channel = connection.create_channel
channel.basic_publish(
  ${body},
  ${literal(message.exchange)}, ${literal(message.routing_key)}${options}
)
connection.close
`;
}

/**
 * @param {Publishing} message
 * @param {string} uri
 */
function php(message, uri) {
  const literal = (/** @type {any} */ value) => write(value, PHP);
  const named = (/** @type {string} */ name) =>
    literal(name === 'headers' ? 'application_headers' : name);
  const all = propertiesOf(message.properties, named, (name, value) =>
    name === 'headers' ? `new AMQPTable(${literal(value)})` : literal(value),
  );
  const { hostname, port, username, password, pathname } = new URL(uri.replace('amqp:', 'http:'));
  const vhost = literal(decodeURIComponent(pathname.slice(1)));
  const login = [hostname, Number(port), username, password].map(literal).join(', ');
  const body = isText(message)
    ? literal(message.payload)
    : `base64_decode(${literal(message.payload)})`;
  return `<?php
// composer require php-amqplib/php-amqplib
require 'vendor/autoload.php';

use PhpAmqpLib\\Connection\\AMQPStreamConnection;
use PhpAmqpLib\\Message\\AMQPMessage;
use PhpAmqpLib\\Wire\\AMQPTable;

$connection = new AMQPStreamConnection(${login}, ${vhost});
$channel = $connection->channel();
$message = new AMQPMessage(
    ${body},
    ${joined('[', ' => ', ']')(all)}
);
$channel->basic_publish($message, ${literal(message.exchange)}, ${literal(message.routing_key)});
$connection->close();
`;
}

/**
 * @param {Publishing} message
 * @param {string} uri
 */
function elixir(message, uri) {
  const { headers, delivery_mode: mode, ...rest } = message.properties;
  const properties = mode === 2 ? { persistent: true, ...rest } : rest;
  const all = propertiesOf(properties, plain, (_, value) =>
    typeof value === 'string' ? hashed(value) : String(value),
  );
  const pairs = Object.entries(headers ?? {}).map(([name, value]) => {
    const typed = write(value, ELIXIR).replace(/^{/, '');
    return `{${hashed(name)}, ${typed}`;
  });
  if (headers) all.push(['headers', `[${pairs.join(', ')}]`]);
  const body = isText(message)
    ? hashed(message.payload)
    : `Base.decode64!(${hashed(message.payload)})`;
  const options = all.map(([name, value]) => `,\n  ${name}: ${value}`).join('');
  return `# elixir publish.exs
Mix.install([:amqp])

{:ok, connection} = AMQP.Connection.open(${hashed(uri)})
{:ok, channel} = AMQP.Channel.open(connection)
:ok = AMQP.Basic.publish(
  channel,
  ${hashed(message.exchange)},
  ${hashed(message.routing_key)},
  ${body}${options}
)
AMQP.Connection.close(connection)
`;
}

/** @type {Record<string, {name: string, write: (message: Publishing, uri: string) => string}>} */
export const LANGUAGES = {
  python: { name: 'Python', write: python },
  node: { name: 'JavaScript', write: script },
  java: { name: 'Java', write: java },
  csharp: { name: 'C#', write: sharp },
  go: { name: 'Go', write: go },
  rust: { name: 'Rust', write: rust },
  ruby: { name: 'Ruby', write: ruby },
  php: { name: 'PHP', write: php },
  elixir: { name: 'Elixir', write: elixir },
};
