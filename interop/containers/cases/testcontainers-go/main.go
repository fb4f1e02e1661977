// The RabbitMQ module of Testcontainers for Go, unchanged: it gives a configuration file of its own
// and waits for a line of the log.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/rabbitmq"
)

func main() {
	ctx := context.Background()
	try(ctx, "Go")
	try(ctx, "Go, with another user",
		rabbitmq.WithAdminUsername("ann"), rabbitmq.WithAdminPassword("secret"))
}

func try(ctx context.Context, how string, options ...testcontainers.ContainerCustomizer) {
	begun := time.Now()
	broker, err := rabbitmq.Run(ctx, "rabbitmq:4-management", options...)
	check(err)
	fmt.Printf("ready after %d ms with %s\n", time.Since(begun).Milliseconds(), how)
	defer func() { check(testcontainers.TerminateContainer(broker)) }()

	url, err := broker.AmqpURL(ctx)
	check(err)
	connection, err := amqp.Dial(url)
	check(err)
	defer connection.Close()
	channel, err := connection.Channel()
	check(err)
	queue, err := channel.QueueDeclare("jobs", true, false, false, false, nil)
	check(err)
	check(channel.Publish("", queue.Name, false, false, amqp.Publishing{Body: []byte("hello")}))
	message, found, err := channel.Get(queue.Name, true)
	check(err)
	if !found || string(message.Body) != "hello" {
		log.Fatalf("not the message that was published: %q", message.Body)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
