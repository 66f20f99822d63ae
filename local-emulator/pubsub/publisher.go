package main

import (
	"context"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
)

// publisher checks a request's limits and lets pstest publish it.
type publisher struct {
	pb.PublisherServer
	backlog *backlog
}

func (p *publisher) Publish(ctx context.Context, request *pb.PublishRequest) (*pb.PublishResponse, error) {
	if err := checkLimits(request.Messages); err != nil {
		return nil, err
	}
	response, err := p.PublisherServer.Publish(ctx, request)
	if err == nil {
		p.backlog.published(request.Topic, response.MessageIds)
	}
	return response, err
}
