package main

import amqp "github.com/rabbitmq/amqp091-go"

func (s *session) bind(queue, exchange string, keys ...string) {
	for _, key := range keys {
		must(s.QueueBind(queue, key, exchange, false, nil))
	}
}

func init() {
	scenarios["exchange-direct"] = with(func(s *session) {
		x, q := s.exchange("direct", nil), s.queue(nil)
		s.bind(q, x, "red", "green")
		for _, key := range []string{"green", "blue", "red"} {
			s.send(x, key, key)
		}
		equal(s.drain(q), []string{"green", "red"}, "messages")
	})

	scenarios["exchange-fanout"] = with(func(s *session) {
		x, one, two := s.exchange("fanout", nil), s.queue(nil), s.queue(nil)
		s.bind(one, x, "")
		s.bind(two, x, "")
		s.send(x, "any", "all")
		equal(s.drain(one), []string{"all"}, "messages")
		equal(s.drain(two), []string{"all"}, "messages")
	})

	scenarios["exchange-topic"] = with(func(s *session) {
		x, q := s.exchange("topic", nil), s.queue(nil)
		s.bind(q, x, "a.*.c", "x.#")
		for _, key := range []string{"a.b.c", "a.b.b.c", "x", "x.y.z", "y.x"} {
			s.send(x, key, key)
		}
		equal(s.drain(q), []string{"a.b.c", "x", "x.y.z"}, "messages")
	})

	scenarios["exchange-headers"] = with(func(s *session) {
		x, every, some := s.exchange("headers", nil), s.queue(nil), s.queue(nil)
		match := func(how string) amqp.Table {
			return amqp.Table{"x-match": how, "a": int32(1), "b": "x"}
		}
		must(s.QueueBind(every, "", x, false, match("all")))
		must(s.QueueBind(some, "", x, false, match("any")))
		both, one, none := amqp.Table{"a": int32(1), "b": "x"}, amqp.Table{"a": int32(1)}, amqp.Table{}
		for body, headers := range map[string]amqp.Table{"1": both, "2": one, "3": none} {
			s.sendWith(x, "", amqp.Publishing{Headers: headers, Body: []byte(body)})
		}
		equal(s.drain(every), []string{"1"}, "all")
		equal(len(s.drain(some)), 2, "any")
	})

	scenarios["exchange-binding"] = with(func(s *session) {
		source, target, q := s.exchange("direct", nil), fresh("x"), s.queue(nil)
		must(s.ExchangeDeclare(target, "fanout", false, false, false, false, nil))
		must(s.ExchangeBind(target, "key", source, false, nil))
		s.bind(q, target, "")
		s.bind(q, source, "other")
		s.send(source, "key", "first")
		must(s.ExchangeUnbind(target, "key", source, false, nil))
		s.send(source, "key", "second")
		equal(s.drain(q), []string{"first"}, "messages")
		must(s.ExchangeDelete(target, false, false))
	})

	scenarios["alternate-exchange"] = with(func(s *session) {
		other, q := s.exchange("fanout", nil), s.queue(nil)
		s.bind(q, other, "")
		x := s.exchange("direct", amqp.Table{"alternate-exchange": other})
		s.send(x, "nowhere", "lost")
		equal(s.drain(q), []string{"lost"}, "messages")
		must(s.ExchangeDelete(x, false, false))
	})

	scenarios["unbind"] = with(func(s *session) {
		q := s.queue(nil)
		s.bind(q, "amq.direct", q)
		s.send("amq.direct", q, "1")
		for range []int{1, 2} {
			must(s.QueueUnbind(q, q, "amq.direct", nil))
		}
		s.send("amq.direct", q, "2")
		equal(s.drain(q), []string{"1"}, "messages")
	})
}
