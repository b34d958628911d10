// Command hello is the whole content of every image here, the pause image
// included: it waits until it is told to stop. A static binary needs no base image.
package main

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	fmt.Println("hello")
	<-ctx.Done()
}
