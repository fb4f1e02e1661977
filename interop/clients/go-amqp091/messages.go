package main

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func (s *session) confirmed(exchange, key string, message amqp.Publishing) bool {
	must(s.Confirm(false))
	deferred := value(s.PublishWithDeferredConfirm(exchange, key, false, false, message))
	soon, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return value(deferred.WaitContext(soon))
}

func init() {
	scenarios["properties"] = with(func(s *session) {
		q := s.queue(nil)
		s.bind(q, "amq.topic", q)
		sent := amqp.Publishing{
			Headers: amqp.Table{"k": "v"}, ContentType: "text/plain", ContentEncoding: "utf-8",
			DeliveryMode: 2, Priority: 7, CorrelationId: "c-1", ReplyTo: "answers",
			Expiration: "60000", MessageId: "m-1", Timestamp: time.Unix(1_700_000_000, 0),
			Type: "kind", UserId: user, AppId: "app", Body: []byte("body"),
		}
		s.sendWith("amq.topic", q, sent)
		got := s.next(q, true)
		received := amqp.Publishing{
			Headers: got.Headers, ContentType: got.ContentType,
			ContentEncoding: got.ContentEncoding, DeliveryMode: got.DeliveryMode,
			Priority: got.Priority, CorrelationId: got.CorrelationId, ReplyTo: got.ReplyTo,
			Expiration: got.Expiration, MessageId: got.MessageId, Timestamp: got.Timestamp.Local(),
			Type: got.Type, UserId: got.UserId, AppId: got.AppId, Body: got.Body,
		}
		equal(received, sent, "properties")
		equal(got.Exchange+" "+got.RoutingKey, "amq.topic "+q, "exchange and key")
	})

	scenarios["headers"] = with(func(s *session) {
		sent := amqp.Table{
			"text": "grüße", "yes": true, "no": false, "int8": int8(-5), "byte": byte(250),
			"short": int16(-300), "int": int32(-70_000), "long": int64(1) << 40, "none": nil,
			"float": float32(1.5), "double": 2.25, "bytes": []byte{0, 255},
			"decimal": amqp.Decimal{Scale: 2, Value: 314}, "empty": amqp.Table{},
			"list":  []any{int32(1), "two", amqp.Table{"three": int32(3)}},
			"table": amqp.Table{"inner": amqp.Table{"deep": []any{true, nil}}},
		}
		when := time.Unix(1_700_000_000, 0)
		q := s.queue(nil)
		sent["when"] = when
		s.sendWith("", q, amqp.Publishing{Headers: sent})
		got := s.next(q, true).Headers
		equal(got["when"].(time.Time).Equal(when), true, "timestamp")
		delete(got, "when")
		delete(sent, "when")
		equal(got, sent, "headers")
	})

	scenarios["bodies"] = with(func(s *session) {
		all := make([]byte, 16*1024*1024)
		for i := range all {
			all[i] = byte(i)
		}
		q := s.queue(nil)
		for _, size := range []int{0, 1, 131_064, 131_065, len(all)} {
			s.sendWith("", q, amqp.Publishing{Body: all[:size]})
			equal(bytes.Equal(s.next(q, true).Body, all[:size]), true, strconv.Itoa(size)+" bytes")
		}
	})

	scenarios["confirm"] = with(func(s *session) {
		q := s.queue(nil)
		must(s.Confirm(false))
		confirms := s.NotifyPublish(make(chan amqp.Confirmation, 300))
		for i := 0; i < 200; i++ {
			s.sendWith("", q, amqp.Publishing{DeliveryMode: amqp.Persistent})
		}
		s.send("", fresh("q"), "lost")
		for i := uint64(1); i <= 201; i++ {
			equal(receive(confirms, "a confirm"), amqp.Confirmation{DeliveryTag: i, Ack: true}, "")
		}
		s.ready(q, 200)
	})

	scenarios["confirm-nack"] = with(func(s *session) {
		q := s.queue(amqp.Table{"x-max-length": 1, "x-overflow": "reject-publish"})
		for i := 0; i < 3; i++ {
			if !s.confirmed("", q, amqp.Publishing{}) {
				return
			}
		}
		fail("no nack")
	})

	scenarios["mandatory"] = with(func(s *session) {
		must(s.Confirm(false))
		order := make(chan string, 2)
		returns := s.NotifyReturn(make(chan amqp.Return))
		confirms := s.NotifyPublish(make(chan amqp.Confirmation))
		go func() {
			for i := 0; i < 2; i++ {
				select {
				case r := <-returns:
					order <- strings.Join([]string{r.ReplyText, string(r.Body), r.MessageId}, " ")
				case c := <-confirms:
					order <- strconv.FormatBool(c.Ack)
				}
			}
		}()
		message := amqp.Publishing{MessageId: "m", Body: []byte("lost")}
		must(s.Publish("", fresh("q"), true, false, message))
		equal(receive(order, "the return"), "NO_ROUTE lost m", "first")
		equal(receive(order, "the ack"), "true", "second")
	})

	scenarios["tx"] = with(func(s *session) {
		q := s.queue(nil)
		must(s.Tx())
		s.send("", q, "undone")
		must(s.TxRollback())
		s.send("", q, "done")
		equal(value(s.passive(q)).Messages, 0, "messages before commit")
		must(s.TxCommit())
		equal(s.drain(q), []string{"done"}, "messages")
	})

	scenarios["rpc"] = with(func(s *session) {
		const direct = "amq.rabbitmq.reply-to"
		q := s.queue(nil)
		answers := s.inbox(direct, true, nil)
		call := amqp.Publishing{ReplyTo: direct, CorrelationId: "call-1", Body: []byte("20")}
		s.sendWith("", q, call)
		request := s.next(q, true)
		equal(strings.HasPrefix(request.ReplyTo, direct+"."), true, request.ReplyTo)
		number := value(strconv.Atoi(string(request.Body)))
		s.sendWith("", request.ReplyTo, amqp.Publishing{
			CorrelationId: request.CorrelationId, Body: []byte(strconv.Itoa(number + 1)),
		})
		answers.expect("21")
		equal(answers.got[0].CorrelationId, "call-1", "correlation id")
	})
}
