# Everything needs Go only; `make run` and `make test` find, or fetch, the rest.
.DEFAULT_GOAL := help
.PHONY: help build run infra clean image sbom licences vuln schema reference test test-brokers test-kafka test-k8s test-k8s-e2e test-asyncapi test-rest test-mcp test-page test-docs test-calendar test-kill chaos chaos-k8s lint fuzz bench daprd tidy

# The Go that go.mod names has no known weakness (`make vuln`), where the installed
# one may be older or told to stay as it is. A newer installed one is used instead.
export GOTOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)+auto

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
LICENSES := github.com/google/go-licenses@v1.6.0
CYCLONEDX := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
APPS := api notifier recurrer
VERSION ?= $(shell sed -n 's/^const Number = "\(.*\)"/\1/p' internal/version/version.go)

help: ## Show this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make run BROKER=redis, rabbitmq or nats: docs/brokers.md."
	@echo "  make run TRACES=1 shows the way of each call: docs/monitoring.md."
	@echo "  Ports and folders are set by TICKLER_* variables: docs/local.md."

build: ## Build the apps and the dev tool into bin/
	@dev/build . "the apps" $(APPS:%=./%)
	@dev/build dev "the dev tool" ./cmd/tickler-dev

run: build ## Run everything here: Postgres, broker, three apps with their sidecars
	@bin/tickler-dev run

infra: build ## Run Postgres and broker alone, for `dapr run -f .`
	@bin/tickler-dev infra

clean: ## Remove the state that `make run` keeps in .tickler; asks first, but with YES=1
	@cd dev && go build -o ../bin/ ./cmd/tickler-dev
	@bin/tickler-dev clean $(if $(YES),--yes)

image: ## Build the image tickler:VERSION with Docker
	docker build --pull --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse HEAD) -t tickler:$(VERSION) .

sbom: build ## Write what each app is built of to bin/APP.cdx.json (CycloneDX)
	@for app in $(APPS); do go run $(CYCLONEDX) bin -json -version $(VERSION) -output bin/$$app.cdx.json bin/$$app || exit 1; done

licences: ## Write docs/licences.txt: whose code is in the apps, under which licence
	go run $(LICENSES) check --disallowed_types=forbidden,restricted,unknown --ignore tickler $(APPS:%=./%) 2>/dev/null
	go run $(LICENSES) report --ignore tickler --template dev/licences.tpl $(APPS:%=./%) 2>/dev/null >docs/licences.txt

# The database is a Go module too: the proxy has it where its own site is out of reach.
vuln: ## Look for known vulnerabilities in what is built here, and in Go itself
	@db=$$(go mod download -json golang.org/x/vulndb@latest | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p') && test -n "$$db" && \
		echo "database: $${db##*/}, $$(go version)" && \
		go run $(GOVULNCHECK) -db "file://$$db/data/osv" ./... && \
		cd dev && go run $(GOVULNCHECK) -db "file://$$db/data/osv" ./...

daprd: build ## Build daprd, once, if none is installed
	@bin/tickler-dev daprd

schema: build ## Write migrations/schema.sql: what the migrations come to
	bin/tickler-dev with-postgres go test -count=1 -run TestSchemaFileIsWhatTheMigrationsComeTo ./migrations -write

reference: build ## Write what docs/configuration.md and docs/cli.md have from the code
	go test -count=1 -run ConfigurationPage ./internal/config -write
	cd dev && go test -count=1 -run ConfigurationPageHasEveryVariableOfTheDevTool ./cmd/tickler-dev -write
	cd dev && go run ./cmd/test-docs --write docs/cli.md

# The tests in dev start real processes, which the test cache knows nothing of.
test: build daprd ## Run unit tests and end-to-end tests
	bin/tickler-dev with-postgres go test ./...
	cd examples/consumer && go test ./...
	cd dev && go test -count=1 -p 1 -timeout 20m ./...

# Not all: on NATS one replica of a worker reads, and a sidecar gives up after two minutes
# without the broker (components/brokers/README.md), so what needs two replicas or a
# longer absence is not promised there. The rest was not run there; these were, and pass.
ON_NATS := TestCompletedRecurringTaskGetsOneSuccessor|TestDueTaskIsRemindedOnce|TestDeadLetterWhoseCauseWasMended|TestWhatStartsWithoutTheBroker|TestForgedMessage|TestMalformedEvents|TestRepeated|TestUserOfAnAppIsRefused|TestToolsWorkWithoutTheBroker

# Every broker is tried before any test, so that all that is missing is named at once.
test-brokers: build daprd ## Run the end-to-end tests on Redis, RabbitMQ and, in part, NATS
	bin/tickler-dev has redis rabbitmq
	cd dev && TICKLER_TEST_BROKER=redis go test -count=1 -timeout 20m ./e2e
	cd dev && TICKLER_TEST_BROKER=rabbitmq go test -count=1 -timeout 20m ./e2e
	cd dev && TICKLER_TEST_BROKER=nats go test -count=1 -timeout 20m -run '$(ON_NATS)' ./e2e

test-kafka: build daprd ## Run them on Apache Kafka, from Maven, or on the cluster at KAFKA_BROKERS
	@test -n "$$KAFKA_BROKERS" || bin/tickler-dev has kafka
	cd dev && TICKLER_TEST_BROKER=kafka go test -count=1 -timeout 30m ./e2e

test-k8s: ## Review what k8s/ renders to, without a cluster
	cd dev/k8s && go vet ./... && go test -count=1 ./...

define NEEDS_CLUSTER
@test -n "$$KUBECONFIG" && test -n "$$TICKLER_HOST" || { echo "KUBECONFIG must name a cluster with Dapr, and TICKLER_HOST an address of this machine that its pods can reach: docs/testing.md"; exit 1; }
endef

test-k8s-e2e: build ## Deploy to the cluster of KUBECONFIG and disturb it: docs/testing.md
	$(NEEDS_CLUSTER)
	cd dev && go test -count=1 -timeout 60m -v -run '^TestKubernetes$$' ./e2e

test-asyncapi: ## Read the description of the bus with AsyncAPI's own parser; needs Node
	cd dev/asyncapi && npm ci --silent --no-audit --no-fund && npm test --silent

test-rest: build ## Lint the OpenAPI document, and test REST against it with Schemathesis; needs Node and Python
	bin/tickler-dev with-postgres dev/rest/check --max-examples 50

test-mcp: build daprd ## Run MCP's official checkers, and the clients that agents use; needs Node and Python
	dev/mcp/install
	cd dev && TICKLER_TEST_MCP=$(CURDIR)/dev/mcp go test -count=1 -run Official ./e2e

test-page: build daprd ## Use the page as a person does, in Chromium; needs Node. PICTURES=docs/pictures takes its pictures
	cd dev/page && npm ci --silent --no-audit --no-fund
	cd dev && TICKLER_TEST_PAGE=$(CURDIR)/dev/page TICKLER_TEST_PICTURES=$(if $(PICTURES),$(abspath $(PICTURES))) go test -count=1 -v -timeout 30m -run 'PageInABrowser|ConsentInABrowser|TraceOfAToolCall' ./e2e

# Each page has a network of its own; -buildvcs=false builds the same for every copy.
test-docs: export GOFLAGS := -buildvcs=false
test-docs: build daprd ## Run every block of every page as pasted; ONLY="README.md docs/rest.md" for some. Needs Linux
	cd dev && go run ./cmd/test-docs $(ONLY)

test-calendar: ## Let ical.js work out the dates of calendar feeds; needs Node
	cd dev/calendar && npm ci --silent --no-audit --no-fund
	cd dev && TICKLER_TEST_CALENDAR=$(CURDIR)/dev/calendar go test -count=1 ./calendar

test-kill: build daprd ## Kill notifier at random moments while 10,000 reminders fall due
	cd dev && TICKLER_TEST_REMINDERS=10000 go test -count=1 -v -timeout 20m -run RemindersArriveOnce ./e2e

# Everything that is done, and when, follows from the seed: a run that failed names it.
SEED ?= $(shell date +%s)
MINUTES ?= 10
chaos: build daprd ## Let users work while everything is killed, frozen and cut off; SEED, MINUTES
	bin/tickler-dev chaos --seed $(SEED) --minutes $(MINUTES)

chaos-k8s: build ## The same on the cluster of KUBECONFIG; TICKLER_HOST as for test-k8s-e2e
	$(NEEDS_CLUSTER)
	cd dev && TICKLER_CHAOS_SEED=$(SEED) TICKLER_CHAOS_MINUTES=$(MINUTES) go test -count=1 -timeout 120m -v -run '^TestChaosOnKubernetes$$' ./e2e

lint: ## gofmt, vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
		test -z "$$unformatted" || { echo "gofmt -w these files:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	cd dev && go vet ./...
	cd examples/consumer && go vet ./...
	go run $(STATICCHECK) ./...
	cd dev && go run $(STATICCHECK) ./...
	cd examples/consumer && go run $(STATICCHECK) ./...

# A fuzz test is run one at a time; `go test` runs its seeds alone.
FUZZTIME ?= 1m
fuzz: build ## Feed every parser with what nobody meant, each for FUZZTIME (1m)
	@git grep -ho '^func Fuzz[A-Za-z]*' -- '*.go' | wc -l | xargs printf '%s fuzz tests\n'
	@git grep -o '^func Fuzz[A-Za-z]*' -- '*.go' | sed 's,/[^/]*:func , ,' | while read -r folder name; do \
		echo "$$folder $$name"; \
		bin/tickler-dev with-postgres go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) ./$$folder </dev/null || exit 1; done

bench: build daprd ## Measure: recurrence, the loop's latency, adding and reading, the relay, a soak
	bin/tickler-dev with-postgres go test -run '^$$' -bench . -timeout 60m ./...
	cd dev && go test -run '^$$' -bench 'Complete|CommitTo' -benchtime 200x ./e2e
	cd dev && go test -run '^$$' -bench 'CommitUnderLoad' -benchtime 1x ./e2e
	cd dev && go test -run '^$$' -bench 'Adding' -benchtime 5x ./e2e
	cd dev && go test -run '^$$' -bench 'Reading' -benchtime 100x -timeout 60m ./e2e
	cd dev && go test -run '^$$' -bench 'Lateness' -benchtime 1x ./e2e
	cd dev && go test -run '^$$' -bench 'Relay' -benchtime 3x ./e2e
	cd dev && go test -run '^$$' -bench 'Recovery' -benchtime 1x ./e2e
	cd dev && go test -run '^$$' -bench 'Soak' -benchtime 1x ./e2e

tidy: ## Bring both go.mod files up to date; dev follows the root module
	go mod tidy
	cd dev && go mod tidy
