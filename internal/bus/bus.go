// Package bus carries hints between goroutines and nodes: "something about this topic changed, look".
//
// A hint may be lost, delayed or repeated; every subscriber also looks from time to time by itself, so losing one costs
// latency and never work. The bus knows no service and no meaning of a topic.
package bus

// Missed is the payload that stands for any number of others: look at everything the topic is about. It arrives in
// place of hints that had to be dropped.
const Missed = ""

// MaxPayload is the number of bytes above which topic and payload together arrive as Missed.
const MaxPayload = 4096

// Bus is a way for hints. Topics and payloads are UTF-8 text. All methods are safe for concurrent use.
type Bus interface {
	// Publish tells all subscribers of a topic on all nodes. It does not wait and does not fail.
	Publish(topic, payload string)
	// Subscribe returns the hints about a topic from now on. A slow reader gets Missed for what it did not keep up
	// with. cancel ends the subscription and closes the channel; it may be called several times.
	Subscribe(topic string) (events <-chan string, cancel func())
	// Watch is Subscribe for a topic on which little happens, of which there are many: it keeps only a few hints for a
	// slow reader before it says Missed, and takes little memory.
	Watch(topic string) (events <-chan string, cancel func())
}
