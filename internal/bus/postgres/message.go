package postgres

import (
	"encoding/json"
	"fmt"

	"github.com/bridle-ci/bridle/internal/bus"
)

// maxMessage bounds the text of one notification; PostgreSQL takes just under 8000 bytes.
const maxMessage = 7000

// hint is a topic and a payload.
type hint [2]string

// message is what travels in one notification.
type message struct {
	Node       string            `json:"node"`
	Everything bool              `json:"everything,omitempty"` // all topics have missed something
	Hints      []json.RawMessage `json:"hints,omitempty"`
}

// received is a message with its hints read.
type received struct {
	Node       string `json:"node"`
	Everything bool   `json:"everything"`
	Hints      []hint `json:"hints"`
}

func decode(text string) (received, error) {
	var m received
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return received{}, fmt.Errorf("read notification: %w", err)
	}
	return m, nil
}

// outbox collects hints that have not left, each once.
type outbox struct {
	hints []hint
	known map[hint]struct{}
	all   bool
}

func (o *outbox) empty() bool { return len(o.hints) == 0 && !o.all }

func (o *outbox) add(h hint) {
	if _, ok := o.known[h]; ok || o.all {
		return
	}
	if len(o.hints) == maxPending {
		o.addEverything()
		return
	}
	if o.known == nil {
		o.known = make(map[hint]struct{})
	}
	o.known[h] = struct{}{}
	o.hints = append(o.hints, h)
}

// addEverything stands for all that was and will be added until the next take.
func (o *outbox) addEverything() { *o = outbox{all: true} }

// take empties the outbox into as few messages as they fit.
func (o *outbox) take(node string) []string {
	taken := *o
	*o = outbox{}
	if taken.all {
		return []string{encode(message{Node: node, Everything: true})}
	}
	var messages []string
	next := message{Node: node}
	room := maxMessage
	for _, h := range taken.hints {
		text := h.encode()
		if len(next.Hints) > 0 && len(text) > room {
			messages = append(messages, encode(next))
			next.Hints, room = nil, maxMessage
		}
		next.Hints = append(next.Hints, text)
		room -= len(text) + 1
	}
	if len(next.Hints) > 0 {
		messages = append(messages, encode(next))
	}
	return messages
}

// encode shortens a hint that does not fit. Escaped, a text is up to six times as long.
func (h hint) encode() json.RawMessage {
	text := encode(h)
	if len(text) > maxMessage {
		text = encode(hint{h[0], bus.Missed})
	}
	return json.RawMessage(text)
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and booleans have a JSON form
	}
	return string(text)
}
