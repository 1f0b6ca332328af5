package stack

import (
	"cmp"
	"errors"
	"fmt"
	"maps"

	"tickler/dev/port"
	"tickler/dev/runfile"
)

// Variables that set the three public ports.
const (
	APIPortVariable      = "TICKLER_API_PORT"
	PostgresPortVariable = "TICKLER_POSTGRES_PORT"
	BrokerPortVariable   = "TICKLER_BROKER_PORT"
)

// choosePorts chooses every port of the stack. If one of the three public ports is
// busy, that is an error; for the others a free port is chosen.
func (s *Stack) choosePorts() error {
	if s.config.InfraOnly {
		// `dapr run` will start the apps, on no other ports than the template's.
		s.config.APIPort = s.publicApp().AppPort
	}
	known := []struct {
		port     *int
		what     string
		variable string
		needed   bool
	}{
		{&s.config.APIPort, "the API", APIPortVariable, !s.config.InfraOnly},
		{&s.config.PostgresPort, "Postgres", PostgresPortVariable, s.config.DatabaseURL == "" || s.isOwn(s.config.DatabaseURL)},
		{&s.config.BrokerPort, "the broker", BrokerPortVariable, s.config.BrokerElsewhere == nil},
	}
	s.picker = port.NewPicker(s.config.APIPort, s.config.PostgresPort, s.config.BrokerPort)
	var busy []error
	for _, k := range known {
		if *k.port == 0 || !k.needed {
			continue
		}
		if err := port.Check(*k.port); err != nil {
			busy = append(busy, fmt.Errorf("%w, and %s needs it: free it, or set %s to another port", err, k.what, k.variable))
		}
	}
	if err := errors.Join(busy...); err != nil {
		return err
	}
	for _, k := range known {
		if *k.port != 0 {
			continue
		}
		var err error
		if *k.port, err = s.picker.Pick(0); err != nil {
			return err
		}
	}
	return s.chooseAppPorts()
}

func (s *Stack) chooseAppPorts() error {
	for _, file := range s.files {
		for n := range max(1, s.config.Replicas[file.AppID]) {
			replica, err := s.replica(file, n+1)
			if err != nil {
				return err
			}
			s.apps = append(s.apps, replica)
		}
	}
	return nil
}

// replica gives the nth replica of an app its ports, and its env the listen
// address that goes with them.
func (s *Stack) replica(file runfile.App, n int) (app, error) {
	if s.config.InfraOnly {
		return app{
			App: file, name: file.AppID, ports: file.Wanted(),
			listen: cmp.Or(file.Env[listenVariable], port.Address(file.AppPort)),
		}, nil
	}
	wanted := func(port int) int {
		if n > 1 || !s.config.RunFilePorts {
			return 0
		}
		return port
	}
	a := app{App: file, name: replicaName(file.AppID, n)}
	ports := file.Wanted()
	for _, one := range []*int{&ports.DaprHTTP, &ports.DaprGRPC, &ports.DaprInternal, &ports.Metrics, &ports.Profile} {
		var err error
		if *one, err = s.picker.Pick(wanted(*one)); err != nil {
			return app{}, err
		}
	}
	if file.AppID == publicID && n == 1 {
		ports.App = s.config.APIPort
	} else {
		var err error
		if ports.App, err = s.picker.Pick(wanted(ports.App)); err != nil {
			return app{}, err
		}
	}
	a.ports = ports
	var err error
	if a.listen, err = s.listenAddress(a, wanted); err != nil {
		return app{}, err
	}
	if a.Env[listenVariable] != "" {
		a.Env = maps.Clone(a.Env)
		a.Env[listenVariable] = a.listen
	}
	return a, nil
}
