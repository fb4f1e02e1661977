package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// again takes messages and shows body and redelivered flag of each.
func (s *session) again(name string, count int) []string {
	shown := []string{}
	for len(shown) < count {
		message := s.next(name, true)
		shown = append(shown, fmt.Sprintf("%s %v", message.Body, message.Redelivered))
	}
	return shown
}

func (s *session) hold(name string, count int) []uint64 {
	tags := []uint64{}
	for len(tags) < count {
		tags = append(tags, s.next(name, false).DeliveryTag)
	}
	return tags
}

func init() {
	scenarios["consume"] = with(func(s *session) {
		q := s.queue(nil)
		s.send("", q, "1", "2", "3")
		in := s.inbox(q, false, nil)
		s.send("", q, "4", "5", "6")
		in.expect("1", "2", "3", "4", "5", "6")
		for i, message := range in.got {
			equal(message.DeliveryTag, uint64(i+1), "tag")
			equal(message.Redelivered, false, "redelivered")
			must(message.Ack(false))
		}
		must(s.Cancel(in.tag, false))
		s.ready(q, 0)
	})

	scenarios["prefetch"] = with(func(s *session) {
		q := s.queue(nil)
		s.send("", q, "0", "1", "2", "3", "4")
		must(s.Qos(2, 0, false))
		in := s.inbox(q, false, nil)
		in.expect("0", "1")
		must(in.got[0].Ack(false))
		in.expect("0", "1", "2")
	})

	scenarios["cancel"] = with(func(s *session) {
		q := s.queue(nil)
		s.send("", q, "held")
		in := s.inbox(q, false, nil)
		in.expect("held")
		must(s.Cancel(in.tag, false))
		s.send("", q, "late")
		s.ready(q, 1)
		must(in.got[0].Ack(false))
		equal(s.drain(q), []string{"late"}, "messages")
		in.expect("held")
	})

	scenarios["get"] = with(func(s *session) {
		q := s.queue(nil)
		_, found, err := s.Get(q, true)
		must(err)
		equal(found, false, "found")
		s.send("", q, "1", "2")
		equal(s.next(q, false).MessageCount, uint32(1), "messages left")
		equal(s.next(q, true).MessageCount, uint32(0), "messages left")
	})

	scenarios["ack-multiple"] = with(func(s *session) {
		q := s.queue(nil)
		s.send("", q, "0", "1", "2", "3", "4")
		s.ready(q, 5)
		own := &session{s.conn, value(s.conn.Channel())}
		must(own.Ack(own.hold(q, 5)[2], true))
		must(own.Close())
		s.ready(q, 2)
		equal(s.drain(q), []string{"3", "4"}, "messages")
	})

	scenarios["reject"] = with(func(s *session) {
		q := s.queue(nil)
		s.send("", q, "1", "2")
		must(s.Reject(s.hold(q, 1)[0], false))
		must(s.Reject(s.hold(q, 1)[0], true))
		equal(s.again(q, 1), []string{"2 true"}, "messages")
		equal(s.drain(q), []string{}, "messages")
	})

	scenarios["nack"] = with(func(s *session) {
		q := s.queue(nil)
		s.send("", q, "1", "2", "3")
		must(s.Nack(s.hold(q, 3)[2], true, true))
		equal(s.again(q, 3), []string{"1 true", "2 true", "3 true"}, "messages")
	})

	scenarios["requeue-order"] = with(func(s *session) {
		q := s.queue(nil)
		s.send("", q, "1", "2", "3", "4")
		tags := s.hold(q, 3)
		for _, at := range []int{1, 2, 0} {
			must(s.Nack(tags[at], false, true))
		}
		equal(s.again(q, 4), []string{"1 true", "2 true", "3 true", "4 false"}, "messages")
	})

	scenarios["recover"] = with(func(s *session) {
		q := s.queue(nil)
		s.send("", q, "1", "2")
		in := s.inbox(q, false, nil)
		in.expect("1", "2")
		must(s.Recover(true))
		in.expect("1", "2", "1", "2")
		for i, message := range in.got {
			equal(message.Redelivered, i >= 2, "redelivered")
		}
	})

	scenarios["single-active"] = with(func(s *session) {
		q := s.queue(amqp.Table{"x-single-active-consumer": true})
		one, two := s.inbox(q, true, nil), s.inbox(q, true, nil)
		s.send("", q, "1")
		one.expect("1")
		must(s.Cancel(one.tag, false))
		s.send("", q, "2")
		two.expect("2")
	})

	scenarios["consumer-priority"] = with(func(s *session) {
		q := s.queue(nil)
		low := s.inbox(q, false, amqp.Table{"x-priority": 0})
		high := s.inbox(q, false, amqp.Table{"x-priority": 10})
		s.send("", q, "1", "2", "3")
		high.expect("1", "2", "3")
		low.expect()
	})

	scenarios["exclusive-consumer"] = with(func(s *session) {
		q := s.queue(nil)
		value(s.Consume(q, "", false, true, false, false, nil))
		text := "ACCESS_REFUSED - queue '" + q + "' in vhost '/' in exclusive use"
		s.refused(403, text, func(own *session) error {
			_, err := own.Consume(q, "", false, false, false, false, nil)
			return err
		})
	})

	scenarios["server-cancel"] = with(func(s *session) {
		q := s.queue(nil)
		cancels := s.NotifyCancel(make(chan string, 1))
		in := s.inbox(q, false, nil)
		value(value(s.conn.Channel()).QueueDelete(q, false, false, false))
		equal(receive(cancels, "the cancel"), in.tag, "cancelled")
		s.queue(nil)
	})
}
