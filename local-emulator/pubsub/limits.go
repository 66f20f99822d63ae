package main

import (
	"unicode/utf8"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// https://cloud.google.com/pubsub/quotas#resource_limits
const (
	maxRequestTotalBytes   = 10_000_000
	maxRequestMessages     = 1_000
	maxAttributes          = 100
	maxAttributeKeyBytes   = 256
	maxAttributeValueBytes = 1_024
	maxOrderingKeyBytes    = 1_024
)

// checkLimits refuses what the service refuses; pstest takes anything.
func checkLimits(messages []*pb.PubsubMessage) error {
	if len(messages) == 0 || len(messages) > maxRequestMessages {
		return invalid("a publish request has 1 to %d messages, not %d", maxRequestMessages, len(messages))
	}
	total := 0
	for _, message := range messages {
		size, err := checkMessage(message)
		if err != nil {
			return err
		}
		total += size
	}
	if total > maxRequestTotalBytes {
		return invalid("request payload size exceeds the limit: %d bytes", maxRequestTotalBytes)
	}
	return nil
}

func checkMessage(message *pb.PubsubMessage) (int, error) {
	size := len(message.Data) + len(message.OrderingKey)
	if len(message.Data) == 0 && len(message.Attributes) == 0 {
		return 0, invalid("a message needs data or an attribute")
	}
	if len(message.OrderingKey) > maxOrderingKeyBytes {
		return 0, invalid("the ordering key is longer than %d bytes", maxOrderingKeyBytes)
	}
	if len(message.Attributes) > maxAttributes {
		return 0, invalid("a message has at most %d attributes, not %d", maxAttributes, len(message.Attributes))
	}
	for key, value := range message.Attributes {
		size += len(key) + len(value)
		switch {
		case key == "" || len(key) > maxAttributeKeyBytes:
			return 0, invalid("an attribute's key has 1 to %d bytes", maxAttributeKeyBytes)
		case len(key) >= 4 && key[:4] == "goog":
			return 0, invalid("an attribute's key must not begin with goog")
		case len(value) > maxAttributeValueBytes:
			return 0, invalid("the value of attribute %s is longer than %d bytes", key, maxAttributeValueBytes)
		case !utf8.ValidString(value):
			return 0, invalid("the value of attribute %s is not UTF-8", key)
		}
	}
	return size, nil
}

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}
