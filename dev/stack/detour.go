package stack

import (
	"net/url"

	"tickler/dev/broker"
	"tickler/dev/port"
)

// detour is where a part reaches another.
func (s *Stack) detour(from, to, address string) string {
	if s.config.Detour == nil {
		return address
	}
	return s.config.Detour(from, to, address)
}

// databaseFor is the URL of the database for an app.
func (s *Stack) databaseFor(appID string) string {
	u, err := url.Parse(s.databaseURL)
	if err != nil || s.cluster == nil {
		return s.databaseURL
	}
	u.Host = s.detour(appID, postgresName, u.Host)
	return u.String()
}

// brokerFor is how the sidecars of an app reach the broker.
func (s *Stack) brokerFor(appID string) broker.Access {
	access := s.BrokerAs(appID)
	if s.config.BrokerElsewhere == nil {
		access.Brokers = []string{s.brokerAddress()}
	}
	return access
}

// brokerAddress is where all clients reach the broker: it tells them one address.
func (s *Stack) brokerAddress() string {
	return s.detour("", brokerName, port.Address(s.config.BrokerPort))
}
