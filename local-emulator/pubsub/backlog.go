package main

import (
	"sync"
	"time"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
)

// backlog knows of every subscription its policies and, by message, how often it was delivered: pstest counts deliveries over all subscriptions of a
// topic together, so that with several of them a message would be a dead letter before it was ever delivered.
type backlog struct {
	mu            sync.Mutex
	subscriptions map[string]*policies
}

// policies of one subscription, and what it has not acknowledged.
type policies struct {
	topic      string
	filter     string
	deadLetter *pb.DeadLetterPolicy
	retry      *pb.RetryPolicy
	// By message id; a subscription with a filter has only those that were delivered.
	messages map[string]*delivery
}

type delivery struct {
	attempts int
	// Of the last attempt; an acknowledgement of an earlier one came too late and counts for nothing.
	ackID string
}

func newBacklog() *backlog {
	return &backlog{subscriptions: map[string]*policies{}}
}

func (b *backlog) created(subscription *pb.Subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscriptions[subscription.Name] = &policies{
		topic:      subscription.Topic,
		filter:     subscription.Filter,
		deadLetter: subscription.DeadLetterPolicy,
		retry:      subscription.RetryPolicy,
		messages:   map[string]*delivery{},
	}
}

func (b *backlog) deleted(subscription string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.subscriptions, subscription)
}

func (b *backlog) published(topic string, ids []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, known := range b.subscriptions {
		if known.topic != topic || known.filter != "" {
			continue
		}
		for _, id := range ids {
			// It may have been delivered before we got here.
			if known.messages[id] == nil {
				known.messages[id] = &delivery{}
			}
		}
	}
}

// delivering counts an attempt and returns its number, and the policy by which the message is a dead letter instead.
func (b *backlog) delivering(subscription string, received *pb.ReceivedMessage) (int, *pb.DeadLetterPolicy) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.subscriptions[subscription]
	if known == nil {
		return 1, nil
	}
	message := known.messages[received.Message.MessageId]
	if message == nil {
		message = &delivery{}
		known.messages[received.Message.MessageId] = message
	}
	message.ackID = received.AckId
	if known.deadLetter != nil && message.attempts >= int(known.deadLetter.MaxDeliveryAttempts) {
		return message.attempts, known.deadLetter
	}
	message.attempts++
	return message.attempts, nil
}

func (b *backlog) acknowledged(subscription, ackID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.subscriptions[subscription]
	if known == nil {
		return
	}
	if message := known.messages[messageOf(ackID)]; message != nil && message.ackID == ackID {
		delete(known.messages, messageOf(ackID))
	}
}

func (b *backlog) deadLetterOf(subscription string) *pb.DeadLetterPolicy {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.subscriptions[subscription]; known != nil {
		return known.deadLetter
	}
	return nil
}

func (b *backlog) filterOf(subscription string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.subscriptions[subscription]; known != nil {
		return known.filter
	}
	return ""
}

// backoff is how long a refused message waits: doubled with each attempt, within the bounds of the retry policy; none without a policy.
// https://cloud.google.com/pubsub/docs/handling-failures#exponential_backoff
func (b *backlog) backoff(subscription, id string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.subscriptions[subscription]
	if known == nil || known.retry == nil {
		return 0
	}
	wait, most := known.retry.MinimumBackoff.AsDuration(), known.retry.MaximumBackoff.AsDuration()
	message := known.messages[id]
	for attempt := 1; message != nil && attempt < message.attempts && wait < most; attempt++ {
		wait *= 2
	}
	return min(wait, most)
}

// unacknowledged tells how many messages each subscription still has; of one with a filter, how many were delivered.
func (b *backlog) unacknowledged() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	counts := make(map[string]int, len(b.subscriptions))
	for name, known := range b.subscriptions {
		counts[name] = len(known.messages)
	}
	return counts
}
