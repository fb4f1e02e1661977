// Command client runs the scenarios with amqp091-go.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	limit     = 5 * time.Second
	wholeTime = 50 * time.Second
)

var (
	uri       = os.Getenv("AMQP_URI")
	relayURI  = os.Getenv("AMQP_RELAY_URI")
	authority = strings.Split(strings.TrimPrefix(uri, "amqp://"), "/")[0]
	user      = strings.Split(authority, ":")[0]
	address   = authority[strings.LastIndex(authority, "@")+1:]
	scenarios = map[string]func(){}
)

// failure is what a scenario panics with when something is not as expected.
type failure string

func fail(format string, parts ...any) {
	panic(failure(fmt.Sprintf(format, parts...)))
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func value[T any](got T, err error) T {
	must(err)
	return got
}

func equal(actual, expected any, what string) {
	if !reflect.DeepEqual(actual, expected) {
		fail("%s: %#v, not %#v", what, actual, expected)
	}
}

func contains(text string, parts ...string) {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			fail("%q is not in %q", part, text)
		}
	}
}

// waitFor asks until the answer is true.
func waitFor(what string, question func() bool) {
	for end := time.Now().Add(limit); !question(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			fail("%s: not within %v", what, limit)
		}
	}
}

func receive[T any](from <-chan T, what string) T {
	select {
	case got, open := <-from:
		if !open {
			fail("%s: the channel was closed", what)
		}
		return got
	case <-time.After(limit):
		fail("%s: not within %v", what, limit)
		panic("unreachable")
	}
}

func fresh(kind string) string {
	random := make([]byte, 6)
	value(rand.Read(random))
	return "interop-" + kind + "-" + hex.EncodeToString(random)
}

// cut breaks the connections that run through the relay.
func cut() {
	value(net.Dial("tcp", os.Getenv("AMQP_CUT"))).Close()
}

// control asks the runner for trouble with the broker, and waits until it is done.
func control(word string) {
	door := value(net.Dial("tcp", os.Getenv("AMQP_CONTROL")))
	defer door.Close()
	value(fmt.Fprintln(door, word))
	equal(string(value(io.ReadAll(door))), "ok\n", word)
}

// refuses expects an AMQP error from work.
func refuses(code int, texts []string, work func() error) {
	var told *amqp.Error
	if err := work(); !errors.As(err, &told) {
		fail("no error %d but %v", code, err)
	}
	equal(told.Code, code, "reply code")
	contains(told.Reason, texts...)
}

// refused expects the broker to close the channel that work is given, and nothing else.
func (s *session) refused(code int, text string, work func(*session) error) {
	own := &session{s.conn, value(s.conn.Channel())}
	closed := own.NotifyClose(make(chan *amqp.Error, 1))
	refuses(code, []string{text}, func() error {
		if err := work(own); err != nil {
			return err
		}
		return receive(closed, "the close")
	})
	must(value(s.conn.Channel()).Close())
}

// session is a connection with one channel.
type session struct {
	conn *amqp.Connection
	*amqp.Channel
}

func open(uri string) *session {
	conn := value(amqp.Dial(uri))
	return &session{conn, value(conn.Channel())}
}

func with(work func(*session)) func() {
	return func() {
		s := open(uri)
		defer s.conn.Close()
		work(s)
	}
}

// queue declares an exclusive queue with these arguments.
func (s *session) queue(arguments amqp.Table) string {
	return value(s.QueueDeclare(fresh("q"), false, false, true, false, arguments)).Name
}

func (s *session) exchange(kind string, arguments amqp.Table) string {
	name := fresh("x")
	must(s.ExchangeDeclare(name, kind, false, true, false, false, arguments))
	return name
}

func (s *session) passive(name string) (amqp.Queue, error) {
	return s.QueueDeclarePassive(name, false, false, false, false, nil)
}

func (s *session) send(exchange, key string, bodies ...string) {
	for _, body := range bodies {
		s.sendWith(exchange, key, amqp.Publishing{Body: []byte(body)})
	}
}

func (s *session) sendWith(exchange, key string, message amqp.Publishing) {
	must(s.Publish(exchange, key, false, false, message))
}

// next is the next message of a queue; it must be there.
func (s *session) next(name string, autoAck bool) amqp.Delivery {
	message, found, err := s.Get(name, autoAck)
	must(err)
	if !found {
		fail("%s is empty", name)
	}
	return message
}

// drain takes all messages.
func (s *session) drain(name string) []string {
	bodies := []string{}
	for {
		message, found, err := s.Get(name, true)
		must(err)
		if !found {
			return bodies
		}
		bodies = append(bodies, string(message.Body))
	}
}

// ready waits until the queue has that many messages.
func (s *session) ready(name string, count int) {
	waitFor(fmt.Sprintf("%d messages", count), func() bool {
		return value(s.passive(name)).Messages == count
	})
}

// inbox is a consumer that keeps what it gets.
type inbox struct {
	*session
	tag  string
	from <-chan amqp.Delivery
	got  []amqp.Delivery
}

func (s *session) inbox(name string, autoAck bool, arguments amqp.Table) *inbox {
	tag := fresh("c")
	return &inbox{s, tag, value(s.Consume(name, tag, autoAck, false, false, false, arguments)), nil}
}

// expect waits for these bodies, all that were ever delivered; what is on its way after them
// has arrived after a round trip.
func (i *inbox) expect(bodies ...string) {
	for len(i.got) < len(bodies) {
		i.got = append(i.got, receive(i.from, "a delivery"))
	}
	must(i.Qos(0, 0, false))
	select {
	case more, open := <-i.from:
		if open {
			i.got = append(i.got, more)
		}
	default:
	}
	actual := []string{}
	for _, message := range i.got {
		actual = append(actual, string(message.Body))
	}
	equal(actual, append([]string{}, bodies...), "deliveries")
}

// run is the outcome of one scenario.
func run(work func()) (outcome string) {
	defer func() {
		if reason := recover(); reason != nil {
			outcome = strings.Join(strings.Fields(fmt.Sprint(reason)), " ")
		}
	}()
	work()
	return ""
}

func main() {
	for _, id := range os.Args[1:] {
		work, found := scenarios[id]
		if !found {
			fmt.Println("fail", id, "this client has no such scenario")
			continue
		}
		done := make(chan string, 1)
		go func() { done <- run(work) }()
		var reason string
		select {
		case reason = <-done:
		case <-time.After(wholeTime):
			reason = fmt.Sprint("not within ", wholeTime)
		}
		if reason == "" {
			fmt.Println("ok", id)
		} else {
			fmt.Println("fail", id, reason)
		}
	}
}
