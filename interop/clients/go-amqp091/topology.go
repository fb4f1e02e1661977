package main

import (
	"fmt"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func init() {
	scenarios["connect"] = with(func(s *session) {
		equal(s.conn.Properties["product"], "RabbitMQ", "product")
		contains(fmt.Sprint(s.conn.Properties["version"]), "4.")
		must(s.Close())
		must(s.conn.Close())
	})

	scenarios["connect-refused"] = func() {
		dial := func(uri string) func() error {
			return func() error { _, err := amqp.Dial(uri); return err }
		}
		// the library has a text of its own for a refused login
		texts := []string{"username or password not allowed"}
		refuses(403, texts, dial("amqp://"+user+":wrong@"+address+"/%2F"))
		texts = []string{"NOT_ALLOWED - vhost no-such-vhost not found"}
		refuses(530, texts, dial("amqp://"+authority+"/no-such-vhost"))
	}

	scenarios["connect-uri"] = func() {
		for _, form := range []string{uri, uri + "?heartbeat=7", "amqp://" + authority} {
			s := open(form)
			s.queue(nil)
			must(s.conn.Close())
		}
	}

	scenarios["heartbeat"] = func() {
		conn := value(amqp.DialConfig(uri, amqp.Config{Heartbeat: time.Second}))
		defer conn.Close()
		time.Sleep(3500 * time.Millisecond)
		(&session{conn, value(conn.Channel())}).queue(nil)
	}

	scenarios["reconnect"] = func() {
		name := fresh("q")
		s := open(relayURI)
		value(s.QueueDeclare(name, true, false, false, false, nil))
		s.send("", name, "held")
		s.next(name, false)
		closed := s.conn.NotifyClose(make(chan *amqp.Error, 1))
		cut()
		receive(closed, "the loss")
		s = open(relayURI)
		defer s.conn.Close()
		s.ready(name, 1)
		again := s.next(name, true)
		equal(again.Redelivered, true, "redelivered")
		equal(string(again.Body), "held", "body")
		value(s.QueueDelete(name, false, false, false))
	}

	scenarios["declare"] = with(func(s *session) {
		name, other := fresh("q"), fresh("x")
		for range []int{1, 2} {
			value(s.QueueDeclare(name, true, false, false, false, nil))
		}
		s.send("", name, "1", "2", "3")
		s.ready(name, 3)
		equal(value(s.QueuePurge(name, false)), 3, "purged")
		for range []int{1, 2} {
			equal(value(s.QueueDelete(name, false, false, false)), 0, "deleted")
		}
		must(s.ExchangeDeclare(other, "direct", true, false, false, false, nil))
		must(s.ExchangeDeclarePassive(other, "direct", true, false, false, false, nil))
		must(s.ExchangeDelete(other, false, false))
		must(s.ExchangeDelete(other, false, false))
	})

	scenarios["declare-passive"] = with(func(s *session) {
		name := fresh("q")
		s.refused(404, "NOT_FOUND - no queue '"+name+"' in vhost '/'", func(own *session) error {
			_, err := own.passive(name)
			return err
		})
		s.refused(404, "NOT_FOUND - no exchange '"+name+"' in vhost '/'", func(own *session) error {
			return own.ExchangeDeclarePassive(name, "direct", true, false, false, false, nil)
		})
	})

	scenarios["declare-inequivalent"] = with(func(s *session) {
		name := s.queue(nil)
		text := "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '" + name +
			"' in vhost '/': received 'true' but current is 'false'"
		s.refused(406, text, func(own *session) error {
			_, err := own.QueueDeclare(name, false, true, true, false, nil)
			return err
		})
		name = s.exchange("direct", nil)
		s.refused(406, "inequivalent arg 'type' for exchange '"+name+"'", func(own *session) error {
			return own.ExchangeDeclare(name, "fanout", false, true, false, false, nil)
		})
		must(s.ExchangeDelete(name, false, false))
	})

	scenarios["declare-arguments"] = with(func(s *session) {
		wrong := amqp.Table{
			"x-message-ttl": -1, "x-max-priority": 256, "x-expires": 0, "x-overflow": "nonsense",
		}
		for key, argument := range wrong {
			text := "PRECONDITION_FAILED - invalid arg '" + key + "'"
			s.refused(406, text, func(own *session) error {
				table := amqp.Table{key: argument}
				_, err := own.QueueDeclare(fresh("q"), false, false, true, false, table)
				return err
			})
		}
	})

	scenarios["server-named"] = with(func(s *session) {
		name := value(s.QueueDeclare("", false, false, true, false, nil)).Name
		equal(strings.HasPrefix(name, "amq.gen-"), true, name)
		s.send("", name, "hello")
		equal(s.drain(name), []string{"hello"}, "messages")
	})

	scenarios["auto-delete"] = with(func(s *session) {
		name := fresh("q")
		value(s.QueueDeclare(name, true, true, false, false, nil))
		must(s.Cancel(s.inbox(name, true, nil).tag, false))
		s.refused(404, name, func(own *session) error { _, err := own.passive(name); return err })
	})

	scenarios["delete-conditions"] = with(func(s *session) {
		name := s.queue(nil)
		s.send("", name, "1")
		s.ready(name, 1)
		s.refused(406, "not empty", func(own *session) error {
			_, err := own.QueueDelete(name, false, true, false)
			return err
		})
		s.inbox(name, false, nil)
		s.refused(406, "in use", func(own *session) error {
			_, err := own.QueueDelete(name, true, false, false)
			return err
		})
		value(s.passive(name))
	})

	scenarios["exclusive-queue"] = with(func(other *session) {
		var name string
		look := func(own *session) error { _, err := own.passive(name); return err }
		with(func(s *session) {
			name = s.queue(nil)
			other.refused(405, "locked queue '"+name+"'", look)
		})()
		other.refused(404, name, look)
	})

	scenarios["queue-expires"] = with(func(s *session) {
		name := s.queue(amqp.Table{"x-expires": 300})
		time.Sleep(time.Second) // a passive declare would renew the lease
		s.refused(404, name, func(own *session) error { _, err := own.passive(name); return err })
	})

	scenarios["publish-missing"] = with(func(s *session) {
		name := fresh("x")
		s.refused(404, "NOT_FOUND - no exchange '"+name+"' in vhost '/'", func(own *session) error {
			return own.Publish(name, "key", false, false, amqp.Publishing{})
		})
	})

	scenarios["ack-unknown"] = with(func(s *session) {
		s.refused(406, "PRECONDITION_FAILED - unknown delivery tag 99", func(own *session) error {
			return own.Ack(99, false)
		})
	})

	scenarios["access-refused"] = with(func(s *session) {
		s.refused(403, "ACCESS_REFUSED - exchange name 'amq.mine'", func(own *session) error {
			return own.ExchangeDeclare("amq.mine", "direct", false, false, false, false, nil)
		})
		name := s.queue(nil)
		s.refused(403, "ACCESS_REFUSED - operation not permitted", func(own *session) error {
			return own.QueueBind(name, "key", "", false, nil)
		})
	})

	scenarios["bind-missing"] = with(func(s *session) {
		name, missing := s.queue(nil), fresh("x")
		text := "NOT_FOUND - no exchange '" + missing + "' in vhost '/'"
		s.refused(404, text, func(own *session) error {
			return own.QueueBind(name, "key", missing, false, nil)
		})
	})
}
