package main

import (
	"github.com/dapr/components-contrib/bindings/cron"
	"github.com/dapr/components-contrib/bindings/smtp"
	resolver "github.com/dapr/components-contrib/nameresolution/kubernetes"
	"github.com/dapr/components-contrib/nameresolution/mdns"
	"github.com/dapr/components-contrib/pubsub/jetstream"
	"github.com/dapr/components-contrib/pubsub/kafka"
	"github.com/dapr/components-contrib/pubsub/rabbitmq"
	"github.com/dapr/components-contrib/pubsub/redis"
	"github.com/dapr/components-contrib/secretstores/local/env"
	inmemory "github.com/dapr/components-contrib/state/in-memory"
	"github.com/dapr/dapr/pkg/components/bindings"
	"github.com/dapr/dapr/pkg/components/configuration"
	"github.com/dapr/dapr/pkg/components/conversation"
	"github.com/dapr/dapr/pkg/components/crypto"
	"github.com/dapr/dapr/pkg/components/lock"
	"github.com/dapr/dapr/pkg/components/middleware/http"
	"github.com/dapr/dapr/pkg/components/nameresolution"
	"github.com/dapr/dapr/pkg/components/pubsub"
	"github.com/dapr/dapr/pkg/components/secretstores"
	"github.com/dapr/dapr/pkg/components/state"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/kit/logger"
)

// components are those of the folder components/, and what an agent's sidecar needs
// for the tools of an MCP server: somewhere to keep the state of its workflows.
func components() *registry.Options {
	log := logger.NewLogger("dapr.contrib")

	buses := pubsub.NewRegistry()
	buses.Logger = log
	buses.RegisterComponent(kafka.NewKafka, "kafka")
	buses.RegisterComponent(redis.NewRedisStreams, "redis")
	buses.RegisterComponent(rabbitmq.NewRabbitMQ, "rabbitmq")
	buses.RegisterComponent(jetstream.NewJetStream, "jetstream")

	bound := bindings.NewRegistry()
	bound.Logger = log
	bound.RegisterInputBinding(cron.NewCron, "cron")
	bound.RegisterOutputBinding(smtp.NewSMTP, "smtp")

	secrets := secretstores.NewRegistry()
	secrets.Logger = log
	secrets.RegisterComponent(env.NewEnvSecretStore, "local.env")

	names := nameresolution.NewRegistry()
	names.Logger = log
	names.RegisterComponent(resolver.NewResolver, "kubernetes")
	names.RegisterComponent(mdns.NewResolver, "mdns")

	states := state.NewRegistry()
	states.Logger = log
	states.RegisterComponent(inmemory.NewInMemoryStateStore, "in-memory")

	return registry.NewOptions().
		WithPubSubs(buses).
		WithBindings(bound).
		WithSecretStores(secrets).
		WithNameResolutions(names).
		WithStateStores(states).
		// Of these kinds there is none; the runtime says so when it is asked for one.
		WithConfigurations(configuration.NewRegistry()).
		WithLocks(lock.NewRegistry()).
		WithCryptoProviders(crypto.NewRegistry()).
		WithConversations(conversation.NewRegistry()).
		WithHTTPMiddlewares(http.NewRegistry())
}
