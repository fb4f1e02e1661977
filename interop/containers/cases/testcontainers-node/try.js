// The RabbitMQ module of Testcontainers for Node, unchanged: it waits for a line of the log.
const { RabbitMQContainer } = require("@testcontainers/rabbitmq");
const amqp = require("amqplib");

async function main() {
  const begun = Date.now();
  const broker = await new RabbitMQContainer("rabbitmq:4-management").start();
  console.log(`ready after ${Date.now() - begun} ms with Node`);
  const connection = await amqp.connect(broker.getAmqpUrl());
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("jobs", { durable: true });
  channel.sendToQueue("jobs", Buffer.from("hello"), { persistent: true });
  await channel.waitForConfirms();
  const message = await channel.get("jobs", { noAck: true });
  if (message.content.toString() !== "hello") throw new Error("another message came");
  await connection.close();

  const { exitCode, output } = await broker.exec(["rabbitmqctl", "-q", "list_queues", "name"]);
  if (exitCode !== 0 || !output.includes("jobs")) throw new Error(`${exitCode}: ${output}`);
  await broker.stop();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
