package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const (
	// Messages of one answer of a streaming pull.
	streamBatch = 100
	// How long an idle stream waits before it looks again.
	idleWait = 10 * time.Millisecond
)

// subscriber keeps the policies that pstest does not keep, or not per subscription, and serves streams in batches: pstest's own stream hands over about
// one message in ten milliseconds.
type subscriber struct {
	pb.SubscriberServer
	publisher *publisher
	backlog   *backlog
}

func (s *subscriber) CreateSubscription(ctx context.Context, request *pb.Subscription) (*pb.Subscription, error) {
	deadLetter := request.DeadLetterPolicy
	if deadLetter != nil {
		if _, err := s.publisher.GetTopic(ctx, &pb.GetTopicRequest{Topic: deadLetter.DeadLetterTopic}); err != nil {
			return nil, err
		}
		// https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions#DeadLetterPolicy
		if deadLetter.MaxDeliveryAttempts == 0 {
			deadLetter.MaxDeliveryAttempts = 5
		}
		if deadLetter.MaxDeliveryAttempts < 5 || deadLetter.MaxDeliveryAttempts > 100 {
			return nil, invalid("max_delivery_attempts is 5 to 100, not %d", deadLetter.MaxDeliveryAttempts)
		}
	}
	if retry := request.RetryPolicy; retry != nil && retry.MinimumBackoff.AsDuration() > retry.MaximumBackoff.AsDuration() {
		return nil, invalid("minimum_backoff is longer than maximum_backoff")
	}
	inner := proto.Clone(request).(*pb.Subscription)
	inner.DeadLetterPolicy = nil
	inner.Filter = quotedKey.ReplaceAllString(inner.Filter, "attributes$1$2")
	created, err := s.SubscriberServer.CreateSubscription(ctx, inner)
	if err != nil {
		return nil, err
	}
	s.backlog.created(request)
	return s.withPolicy(created), nil
}

// quotedKey is an attribute's key in quotes, as the service wants those with a hyphen and pstest does not know them.
// https://cloud.google.com/pubsub/docs/subscription-message-filter#filtering_syntax
var quotedKey = regexp.MustCompile(`attributes([.:])"([A-Za-z0-9_.-]+)"`)

func (s *subscriber) GetSubscription(ctx context.Context, request *pb.GetSubscriptionRequest) (*pb.Subscription, error) {
	found, err := s.SubscriberServer.GetSubscription(ctx, request)
	if err != nil {
		return nil, err
	}
	return s.withPolicy(found), nil
}

func (s *subscriber) withPolicy(subscription *pb.Subscription) *pb.Subscription {
	whole := proto.Clone(subscription).(*pb.Subscription)
	whole.DeadLetterPolicy = s.backlog.deadLetterOf(subscription.Name)
	whole.Filter = s.backlog.filterOf(subscription.Name)
	return whole
}

func (s *subscriber) DeleteSubscription(ctx context.Context, request *pb.DeleteSubscriptionRequest) (*emptyResponse, error) {
	response, err := s.SubscriberServer.DeleteSubscription(ctx, request)
	if err == nil {
		s.backlog.deleted(request.Subscription)
	}
	return response, err
}

func (s *subscriber) Acknowledge(ctx context.Context, request *pb.AcknowledgeRequest) (*emptyResponse, error) {
	response, err := s.SubscriberServer.Acknowledge(ctx, request)
	if err == nil {
		for _, id := range request.AckIds {
			s.backlog.acknowledged(request.Subscription, id)
		}
	}
	return response, err
}

// ModifyAckDeadline makes a refused message wait as the retry policy says, in whole seconds, rounded up.
func (s *subscriber) ModifyAckDeadline(ctx context.Context, request *pb.ModifyAckDeadlineRequest) (*emptyResponse, error) {
	if request.AckDeadlineSeconds != 0 {
		return s.SubscriberServer.ModifyAckDeadline(ctx, request)
	}
	for _, id := range request.AckIds {
		wait := s.backlog.backoff(request.Subscription, messageOf(id))
		single := &pb.ModifyAckDeadlineRequest{
			Subscription:       request.Subscription,
			AckIds:             []string{id},
			AckDeadlineSeconds: int32((wait + time.Second - 1) / time.Second),
		}
		if _, err := s.SubscriberServer.ModifyAckDeadline(ctx, single); err != nil {
			return nil, err
		}
	}
	return &emptyResponse{}, nil
}

func (s *subscriber) Pull(ctx context.Context, request *pb.PullRequest) (*pb.PullResponse, error) {
	pulled, err := s.SubscriberServer.Pull(ctx, request)
	if err != nil {
		return nil, err
	}
	response := &pb.PullResponse{}
	for _, received := range pulled.ReceivedMessages {
		attempt, deadLetter := s.backlog.delivering(request.Subscription, received)
		if deadLetter != nil {
			if err := s.giveUp(ctx, request.Subscription, received, attempt, deadLetter); err != nil {
				return nil, err
			}
			continue
		}
		// A copy: pstest changes its own when the message is delivered again.
		copied := &pb.ReceivedMessage{AckId: received.AckId, Message: received.Message}
		if s.backlog.deadLetterOf(request.Subscription) != nil {
			copied.DeliveryAttempt = int32(attempt)
		}
		response.ReceivedMessages = append(response.ReceivedMessages, copied)
	}
	return response, nil
}

// giveUp publishes a message to the dead-letter topic and acknowledges it.
// https://cloud.google.com/pubsub/docs/handling-failures#how_dead_letter_topics_work
func (s *subscriber) giveUp(ctx context.Context, subscription string, received *pb.ReceivedMessage, attempts int, policy *pb.DeadLetterPolicy) error {
	attributes := maps.Clone(received.Message.Attributes)
	if attributes == nil {
		attributes = map[string]string{}
	}
	parts := strings.Split(subscription, "/")
	attributes["CloudPubSubDeadLetterSourceDeliveryCount"] = strconv.Itoa(attempts)
	attributes["CloudPubSubDeadLetterSourceSubscription"] = parts[len(parts)-1]
	attributes["CloudPubSubDeadLetterSourceSubscriptionProject"] = parts[1]
	attributes["CloudPubSubDeadLetterSourceTopicPublishTime"] = received.Message.PublishTime.AsTime().Format(time.RFC3339Nano)
	letter := &pb.PubsubMessage{Data: received.Message.Data, Attributes: attributes, OrderingKey: received.Message.OrderingKey}
	if _, err := s.publisher.Publish(ctx, &pb.PublishRequest{Topic: policy.DeadLetterTopic, Messages: []*pb.PubsubMessage{letter}}); err != nil {
		return err
	}
	_, err := s.Acknowledge(ctx, &pb.AcknowledgeRequest{Subscription: subscription, AckIds: []string{received.AckId}})
	return err
}

// StreamingPull sends what there is in batches and takes acknowledgements, until the client ends it. A client that reads no more holds it up by the
// transport's flow control.
func (s *subscriber) StreamingPull(stream pb.Subscriber_StreamingPullServer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	ctx := stream.Context()
	found, err := s.GetSubscription(ctx, &pb.GetSubscriptionRequest{Subscription: first.Subscription})
	if err != nil {
		return err
	}
	properties := &pb.StreamingPullResponse_SubscriptionProperties{
		ExactlyOnceDeliveryEnabled: found.EnableExactlyOnceDelivery,
		MessageOrderingEnabled:     found.EnableMessageOrdering,
	}
	ended := make(chan error, 1)
	pings := make(chan struct{}, 1)
	go func() { ended <- s.takeRequests(stream, first, pings) }()
	for {
		pulled, err := s.Pull(ctx, &pb.PullRequest{Subscription: found.Name, MaxMessages: streamBatch, ReturnImmediately: true})
		if err != nil {
			return err
		}
		if len(pulled.ReceivedMessages) > 0 {
			response := &pb.StreamingPullResponse{ReceivedMessages: pulled.ReceivedMessages, SubscriptionProperties: properties}
			if err := stream.Send(response); err != nil {
				return err
			}
			if err := s.extend(ctx, first, pulled.ReceivedMessages); err != nil {
				return err
			}
		}
		wait := idleWait
		if len(pulled.ReceivedMessages) > 0 {
			wait = 0
		}
		select {
		case err := <-ended:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		case <-pings:
			if err := stream.Send(&pb.StreamingPullResponse{SubscriptionProperties: properties}); err != nil {
				return err
			}
		case <-time.After(wait):
		}
	}
}

// extend gives delivered messages the deadline that the stream asked for.
func (s *subscriber) extend(ctx context.Context, first *pb.StreamingPullRequest, delivered []*pb.ReceivedMessage) error {
	if first.StreamAckDeadlineSeconds == 0 {
		return nil
	}
	ids := make([]string, len(delivered))
	for n, message := range delivered {
		ids[n] = message.AckId
	}
	_, err := s.SubscriberServer.ModifyAckDeadline(ctx, &pb.ModifyAckDeadlineRequest{
		Subscription: first.Subscription, AckIds: ids, AckDeadlineSeconds: first.StreamAckDeadlineSeconds,
	})
	return err
}

// takeRequests carries out what a client asks on its stream.
func (s *subscriber) takeRequests(stream pb.Subscriber_StreamingPullServer, first *pb.StreamingPullRequest, pings chan<- struct{}) error {
	ctx := stream.Context()
	for {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		if len(request.ModifyDeadlineAckIds) != len(request.ModifyDeadlineSeconds) {
			return status.Error(codes.InvalidArgument, "modify_deadline_seconds and modify_deadline_ack_ids differ in length")
		}
		if len(request.AckIds) == 0 && len(request.ModifyDeadlineAckIds) == 0 && first.ProtocolVersion >= 1 {
			select {
			case pings <- struct{}{}:
			default:
			}
		}
		if _, err := s.Acknowledge(ctx, &pb.AcknowledgeRequest{Subscription: first.Subscription, AckIds: request.AckIds}); err != nil {
			return err
		}
		for n, id := range request.ModifyDeadlineAckIds {
			single := &pb.ModifyAckDeadlineRequest{
				Subscription: first.Subscription, AckIds: []string{id}, AckDeadlineSeconds: request.ModifyDeadlineSeconds[n],
			}
			if _, err := s.ModifyAckDeadline(ctx, single); err != nil {
				return err
			}
		}
	}
}

// messageOf is the message that pstest's acknowledgement id `<message>:<delivery>` belongs to.
func messageOf(ackID string) string {
	id, _, _ := strings.Cut(ackID, ":")
	return id
}
