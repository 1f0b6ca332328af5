# One image with the three apps: /api, /notifier, /recurrer. A pod names its own.
#
#   docker build --build-arg VERSION=0.1.0 -t tickler:0.1.0 .
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
# The Go that go.mod names, where this image's is older.
ENV GOTOOLCHAIN=auto
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Static, and the same bytes from the same source and Go: no paths, no build id, no VCS
# state.
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false -ldflags="-s -w -buildid=" -o /out/ ./api ./notifier ./recurrer

FROM scratch
ARG VERSION=dev REVISION=unknown
LABEL org.opencontainers.image.title="tickler" \
      org.opencontainers.image.description="Task server on Dapr: api, notifier, recurrer" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# Postgres, brokers and trace collectors are asked over TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/ /
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/api"]
