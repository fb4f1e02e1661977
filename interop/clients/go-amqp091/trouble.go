package main

import (
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// survive shows that what is durable and confirmed outlives the broker; of three messages some
// are taken.
func survive(word string, taken int) {
	name, other := fresh("q"), fresh("x")
	s := open(relayURI)
	value(s.QueueDeclare(name, true, false, false, false, nil))
	must(s.ExchangeDeclare(other, "direct", true, false, false, false, nil))
	must(s.QueueBind(name, "key", other, false, nil))
	must(s.Confirm(false))
	confirms := s.NotifyPublish(make(chan amqp.Confirmation, 4))
	bodies := []string{"1", "2", "3"}
	for _, body := range append(append([]string{}, bodies...), "transient") {
		mode := amqp.Persistent
		if body == "transient" {
			mode = amqp.Transient
		}
		s.sendWith(other, "key", amqp.Publishing{Body: []byte(body), DeliveryMode: mode})
		equal(receive(confirms, "the confirm").Ack, true, "ack")
	}
	for count := 0; count < taken; count++ {
		s.next(name, true)
	}
	s.next(name, false)
	closed := s.conn.NotifyClose(make(chan *amqp.Error, 1))
	control(word)
	receive(closed, "the loss")
	s = open(relayURI)
	defer s.conn.Close()
	equal(s.drain(name), bodies[taken:], "messages")
	s.send(other, "key", "after")
	s.ready(name, 1)
	equal(s.drain(name), []string{"after"}, "messages")
	value(s.QueueDelete(name, false, false, false))
	must(s.ExchangeDelete(other, false, false))
}

func init() {
	scenarios["restart"] = func() { survive("restart", 1) }
	scenarios["kill"] = func() { survive("kill", 0) }

	scenarios["permissions"] = with(func(s *session) {
		text := func(access, what, name string) string {
			return fmt.Sprintf("ACCESS_REFUSED - %s access to %s '%s' in vhost '/' refused for "+
				"user '%s'", access, what, name, user)
		}
		name := fresh("no-configure")
		s.refused(403, text("configure", "queue", name), func(own *session) error {
			_, err := own.QueueDeclare(name, false, false, true, false, nil)
			return err
		})
		name = fresh("no-write")
		must(s.ExchangeDeclare(name, "direct", false, true, false, false, nil))
		s.refused(403, text("write", "exchange", name), func(own *session) error {
			return own.Publish(name, "key", false, false, amqp.Publishing{})
		})
		name = fresh("no-read")
		value(s.QueueDeclare(name, false, false, true, false, nil))
		s.refused(403, text("read", "queue", name), func(own *session) error {
			_, _, err := own.Get(name, true)
			return err
		})
	})

	scenarios["blocked"] = with(func(s *session) {
		name, sent := s.queue(nil), 0
		told := s.conn.NotifyBlocked(make(chan amqp.Blocking, 2))
		publish := func() {
			s.send("", name, fmt.Sprint(sent))
			sent++
		}
		control("block")
		waitFor("connection.blocked", func() bool {
			publish()
			select {
			case state := <-told:
				return state.Active
			case <-time.After(50 * time.Millisecond):
				return false
			}
		})
		control("unblock")
		equal(receive(told, "connection.unblocked").Active, false, "blocked")
		publish()
		s.ready(name, sent)
	})
}
