package stack

import (
	"context"
	"path/filepath"

	"tickler/dev/port"
	"tickler/dev/process"
)

// StartPostgres starts a Postgres alone, with an empty database, on a free port in
// a home that Clean may remove afterwards. It is for tests that need only a
// database. It does not wait for the disk, so that benchmarks measure the work and
// not the disk.
func StartPostgres(ctx context.Context, path string) (*Stack, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s, err := open(Config{Home: path, Policy: process.DefaultPolicy, Fleeting: true}, nil)
	if err != nil {
		return nil, err
	}
	start := func(ctx context.Context) error {
		s.picker = port.NewPicker()
		if s.config.PostgresPort, err = s.picker.Pick(0); err != nil {
			return err
		}
		if err := s.startPostgres(ctx); err != nil {
			return err
		}
		if err := s.await(ctx, postgresName); err != nil {
			return err
		}
		return s.cluster.EnsureDatabase(ctx)
	}
	if err := s.begin(ctx, start); err != nil {
		return nil, err
	}
	return s, nil
}
