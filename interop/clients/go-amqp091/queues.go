package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

func deadLettersTo(key string, more amqp.Table) amqp.Table {
	arguments := amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": key}
	for name, argument := range more {
		arguments[name] = argument
	}
	return arguments
}

// deaths shows queue, reason and count of each entry of x-death.
func deaths(headers amqp.Table) []string {
	shown := []string{}
	for _, entry := range headers["x-death"].([]any) {
		death := entry.(amqp.Table)
		shown = append(shown, fmt.Sprint(death["queue"], " ", death["reason"], " ", death["count"]))
	}
	return shown
}

// typed declares a durable queue of a type.
func (s *session) typed(kind string) string {
	name := fresh("q")
	arguments := amqp.Table{"x-queue-type": kind}
	value(s.QueueDeclare(name, true, false, false, false, arguments))
	return name
}

func init() {
	scenarios["priority"] = with(func(s *session) {
		q := s.queue(amqp.Table{"x-max-priority": 5})
		for _, priority := range []uint8{1, 9, 0, 5, 3} {
			body := []byte(fmt.Sprint(priority))
			s.sendWith("", q, amqp.Publishing{Priority: priority, Body: body})
		}
		equal(s.drain(q), []string{"9", "5", "3", "1", "0"}, "messages")
	})

	scenarios["ttl-message"] = with(func(s *session) {
		q := s.queue(nil)
		s.sendWith("", q, amqp.Publishing{Expiration: "200"})
		s.ready(q, 1)
		s.ready(q, 0)
	})

	scenarios["ttl-queue"] = with(func(s *session) {
		q := s.queue(amqp.Table{"x-message-ttl": 200})
		s.send("", q, "short")
		s.ready(q, 1)
		s.ready(q, 0)
	})

	scenarios["dead-letter"] = with(func(s *session) {
		third := s.queue(nil)
		second := s.queue(deadLettersTo(third, nil))
		first := s.queue(deadLettersTo(second, amqp.Table{"x-message-ttl": 100}))
		s.send("", first, "dead")
		in := s.inbox(second, false, nil)
		in.expect("dead")
		must(in.got[0].Reject(false))
		s.ready(third, 1)
		headers := s.next(third, true).Headers
		equal(deaths(headers), []string{second + " rejected 1", first + " expired 1"}, "x-death")
		equal(headers["x-first-death-reason"], "expired", "reason")
		equal(headers["x-last-death-queue"], second, "queue")
	})

	scenarios["max-length"] = with(func(s *session) {
		dead := s.queue(nil)
		q := s.queue(deadLettersTo(dead, amqp.Table{"x-max-length": 2}))
		s.send("", q, "1", "2", "3")
		s.ready(dead, 1)
		message := s.next(dead, true)
		equal(string(message.Body), "1", "body")
		equal(deaths(message.Headers), []string{q + " maxlen 1"}, "x-death")
		equal(s.drain(q), []string{"2", "3"}, "messages")
	})

	scenarios["quorum"] = with(func(s *session) {
		q := s.typed("quorum")
		kept := amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte("kept")}
		equal(s.confirmed("", q, kept), true, "confirmed")
		must(s.Nack(s.hold(q, 1)[0], false, true))
		s.ready(q, 1)
		again := s.next(q, true)
		equal(again.Redelivered, true, "redelivered")
		equal(again.Headers["x-acquired-count"], int64(1), "x-acquired-count")
		value(s.QueueDelete(q, false, false, false))
	})

	scenarios["stream"] = with(func(s *session) {
		q := s.typed("stream")
		for _, body := range []string{"1", "2", "3"} {
			equal(s.confirmed("", q, amqp.Publishing{Body: []byte(body)}), true, "confirmed")
		}
		for range []int{1, 2} {
			own := &session{s.conn, value(s.conn.Channel())}
			must(own.Qos(10, 0, false))
			in := own.inbox(q, false, amqp.Table{"x-stream-offset": "first"})
			in.expect("1", "2", "3")
			for offset, message := range in.got {
				equal(message.Headers["x-stream-offset"], int64(offset), "offset")
			}
			must(own.Close())
		}
		value(s.QueueDelete(q, false, false, false))
	})
}
