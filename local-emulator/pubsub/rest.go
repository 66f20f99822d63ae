package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

type emptyResponse = emptypb.Empty

// newRest serves the JSON API as far as Beam's client and the emulator use it: https://cloud.google.com/pubsub/docs/reference/rest. Beside it
// `GET /healthz`, and `GET /unacknowledged`: how many messages each subscription still has.
func newRest(publisher *publisher, subscriber *subscriber) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /unacknowledged", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "application/json")
		json.NewEncoder(w).Encode(subscriber.backlog.unacknowledged())
	})
	mux.HandleFunc("/v1/projects/", func(w http.ResponseWriter, r *http.Request) {
		response, err := call(r, publisher, subscriber)
		if err != nil {
			refuse(w, err)
			return
		}
		text, err := protojson.Marshal(response)
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("content-type", "application/json")
		w.Write(text)
	})
	return mux
}

func call(r *http.Request, publisher *publisher, subscriber *subscriber) (proto.Message, error) {
	name, verb, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), ":")
	ctx := r.Context()
	switch method := r.Method + " " + kindOf(name) + " " + verb; method {
	case "PUT topics ":
		request := &pb.Topic{}
		return withBody(r, request, func() { request.Name = name }, publisher.CreateTopic)
	case "GET topics ":
		return publisher.GetTopic(ctx, &pb.GetTopicRequest{Topic: name})
	case "POST topics publish":
		request := &pb.PublishRequest{}
		return withBody(r, request, func() { request.Topic = name }, publisher.Publish)
	case "PUT subscriptions ":
		request := &pb.Subscription{}
		return withBody(r, request, func() { request.Name = name }, subscriber.CreateSubscription)
	case "GET subscriptions ":
		return subscriber.GetSubscription(ctx, &pb.GetSubscriptionRequest{Subscription: name})
	case "DELETE subscriptions ":
		return subscriber.DeleteSubscription(ctx, &pb.DeleteSubscriptionRequest{Subscription: name})
	case "POST subscriptions pull":
		request := &pb.PullRequest{}
		return withBody(r, request, func() { request.Subscription = name }, subscriber.Pull)
	case "POST subscriptions acknowledge":
		request := &pb.AcknowledgeRequest{}
		return withBody(r, request, func() { request.Subscription = name }, subscriber.Acknowledge)
	case "POST subscriptions modifyAckDeadline":
		request := &pb.ModifyAckDeadlineRequest{}
		return withBody(r, request, func() { request.Subscription = name }, subscriber.ModifyAckDeadline)
	default:
		return nil, status.Errorf(codes.Unimplemented, "this server has no %s", method)
	}
}

// kindOf tells `topics` from `subscriptions` by a resource's name.
func kindOf(name string) string {
	if parts := strings.Split(name, "/"); len(parts) == 4 {
		return parts[2]
	}
	return "?"
}

func withBody[Q, A proto.Message](r *http.Request, request Q, name func(), serve func(context.Context, Q) (A, error)) (proto.Message, error) {
	body := r.Body
	if r.Header.Get("content-encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, invalid("the body is not gzip: %v", err)
		}
		body = unpacked
	}
	// Base64 makes a third more of the data.
	text, err := io.ReadAll(io.LimitReader(body, 2*maxRequestBytes))
	if err != nil {
		return nil, invalid("the body cannot be read: %v", err)
	}
	if len(text) > 0 {
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, request); err != nil {
			return nil, invalid("the body is not the request's JSON: %v", err)
		}
	}
	name()
	return serve(r.Context(), request)
}

// https://cloud.google.com/apis/design/errors#handling_errors
var httpStatus = map[codes.Code]int{
	codes.InvalidArgument:    http.StatusBadRequest,
	codes.FailedPrecondition: http.StatusBadRequest,
	codes.NotFound:           http.StatusNotFound,
	codes.AlreadyExists:      http.StatusConflict,
	codes.Unimplemented:      http.StatusNotImplemented,
}

func refuse(w http.ResponseWriter, err error) {
	code, known := httpStatus[status.Code(err)]
	if !known {
		code = http.StatusInternalServerError
	}
	w.Header().Set("content-type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"code": code, "message": status.Convert(err).Message(), "status": status.Code(err).String(),
	}})
}
