// Command pubsub is a Pub/Sub server for one machine: Google's own in-memory fake (pstest), and around it what that leaves out.
//
// Messages are kept in memory, so they are gone when it ends, and those that nobody acknowledged within ten minutes are dropped (pstest's constant).
// What is added: limits of a publish request (limits.go); retry and dead-letter policies per subscription, and batches on a streaming pull
// (subscriber.go); the JSON API (rest.go), which the emulator's deliverer and Beam's client speak. Not there: push (local-emulator/src/pubsub-push delivers it), IAM, quotas, regions.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/grpc"
)

// Above every request that the limits let through, so that a larger one gets their answer and not the transport's.
const maxRequestBytes = 32 << 20

func main() {
	grpcPort := flag.Int("grpc-port", 0, "port of the gRPC API on 127.0.0.1")
	restPort := flag.Int("rest-port", 0, "port of the JSON API on 127.0.0.1")
	flag.Parse()
	if err := serve(*grpcPort, *restPort); err != nil {
		log.Fatal(err)
	}
}

// serve answers until SIGTERM or SIGINT.
func serve(grpcPort, restPort int) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// Its own port is of no use to anybody: what is served below calls it directly.
	fake := pstest.NewServerWithAddress("127.0.0.1:0")
	defer fake.Close()
	backlog := newBacklog()
	publisher := &publisher{PublisherServer: &fake.GServer, backlog: backlog}
	subscriber := &subscriber{SubscriberServer: &fake.GServer, publisher: publisher, backlog: backlog}

	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxRequestBytes), grpc.MaxSendMsgSize(maxRequestBytes))
	pb.RegisterPublisherServer(server, publisher)
	pb.RegisterSubscriberServer(server, subscriber)
	pb.RegisterSchemaServiceServer(server, &fake.GServer)
	grpcListener, err := net.Listen("tcp", loopback(grpcPort))
	if err != nil {
		return err
	}
	restListener, err := net.Listen("tcp", loopback(restPort))
	if err != nil {
		return err
	}
	rest := &http.Server{Handler: newRest(publisher, subscriber), ReadHeaderTimeout: 10 * time.Second}

	failed := make(chan error, 2)
	go func() { failed <- server.Serve(grpcListener) }()
	go func() { failed <- rest.Serve(restListener) }()
	fmt.Println("ready")
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	rest.Close()
	server.Stop()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
