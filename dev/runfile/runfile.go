// Package runfile reads dapr.yaml, the multi-app run template of the dapr CLI,
// and tells how each app and its daprd are started from it.
//
// Field names and their meaning are the CLI's own ("Multi-App Run template" in
// the Dapr documentation), so that `dapr run -f .` and the local stack agree.
package runfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
)

// Name of the run template in the root of a repository.
const Name = "dapr.yaml"

// File is a run template as written.
type File struct {
	Version int    `yaml:"version"`
	Name    string `yaml:"name"`
	Common  Shared `yaml:"common"`
	Apps    []App  `yaml:"apps"`
}

// Shared holds the settings that may stand under common as well as in an app,
// where the app's own value wins.
type Shared struct {
	ConfigFilePath         string            `yaml:"configFilePath"`
	ResourcesPath          string            `yaml:"resourcesPath"`
	ResourcesPaths         []string          `yaml:"resourcesPaths"`
	RuntimePath            string            `yaml:"runtimePath"`
	Env                    map[string]string `yaml:"env"`
	AppProtocol            string            `yaml:"appProtocol"`
	AppSSL                 bool              `yaml:"appSSL"`
	APIListenAddresses     string            `yaml:"apiListenAddresses"`
	EnableProfiling        bool              `yaml:"enableProfiling"`
	LogLevel               string            `yaml:"logLevel"`
	AppMaxConcurrency      int               `yaml:"appMaxConcurrency"`
	PlacementHostAddress   string            `yaml:"placementHostAddress"`
	SchedulerHostAddress   string            `yaml:"schedulerHostAddress"`
	MaxBodySize            string            `yaml:"maxBodySize"`
	ReadBufferSize         string            `yaml:"readBufferSize"`
	EnableAppHealthCheck   bool              `yaml:"enableAppHealthCheck"`
	AppHealthCheckPath     string            `yaml:"appHealthCheckPath"`
	AppHealthProbeInterval int               `yaml:"appHealthProbeInterval"`
	AppHealthProbeTimeout  int               `yaml:"appHealthProbeTimeout"`
	AppHealthThreshold     int               `yaml:"appHealthThreshold"`
	EnableAPILogging       bool              `yaml:"enableApiLogging"`
	// Where the CLI writes logs; the local stack always writes both.
	DaprdLogDestination string `yaml:"daprdLogDestination"`
	AppLogDestination   string `yaml:"appLogDestination"`
}

// App is one app of the template. After Load its paths are absolute and the
// common settings are merged in.
type App struct {
	Shared               `yaml:",inline"`
	AppID                string   `yaml:"appID"`
	AppDirPath           string   `yaml:"appDirPath"`
	AppChannelAddress    string   `yaml:"appChannelAddress"`
	AppPort              int      `yaml:"appPort"`
	DaprHTTPPort         int      `yaml:"daprHTTPPort"`
	DaprGRPCPort         int      `yaml:"daprGRPCPort"`
	DaprInternalGRPCPort int      `yaml:"daprInternalGRPCPort"`
	MetricsPort          int      `yaml:"metricsPort"`
	ProfilePort          int      `yaml:"profilePort"`
	UnixDomainSocket     string   `yaml:"unixDomainSocket"`
	Command              []string `yaml:"command"`
	// For `dapr run -k` only.
	ContainerImage           string `yaml:"containerImage"`
	ContainerImagePullPolicy string `yaml:"containerImagePullPolicy"`
	CreateService            bool   `yaml:"createService"`
}

// Load reads the template at path. A field that the dapr CLI does not know, a
// path that does not exist or a setting that the local stack cannot honour is
// an error that names it.
func Load(path string) ([]App, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the run template: %w", err)
	}
	var file File
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&file); err != nil {
		return nil, fmt.Errorf("%s is not a run template that the dapr CLI knows: %w", path, err)
	}
	if err := file.resolve(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file.Apps, nil
}

func (f *File) resolve(dir string) error {
	if f.Version != 1 {
		return fmt.Errorf("version is %d, 1 is expected", f.Version)
	}
	if len(f.Apps) == 0 {
		return errors.New("no apps")
	}
	base, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := f.Common.resolve(base); err != nil {
		return fmt.Errorf("common: %w", err)
	}
	seen := map[string]bool{}
	for i := range f.Apps {
		app := &f.Apps[i]
		if app.AppDirPath == "" {
			return fmt.Errorf("apps[%d]: appDirPath is missing", i)
		}
		if app.AppDirPath, err = existing(base, app.AppDirPath); err != nil {
			return fmt.Errorf("apps[%d]: appDirPath: %w", i, err)
		}
		if app.AppID == "" {
			app.AppID = filepath.Base(app.AppDirPath)
		}
		if seen[app.AppID] {
			return fmt.Errorf("appID %s stands there twice", app.AppID)
		}
		seen[app.AppID] = true
		if err := app.Shared.resolve(app.AppDirPath); err != nil {
			return fmt.Errorf("app %s: %w", app.AppID, err)
		}
		app.Shared = app.Shared.over(f.Common)
		if err := app.check(); err != nil {
			return fmt.Errorf("app %s: %w", app.AppID, err)
		}
	}
	return nil
}

func (a *App) check() error {
	switch {
	case len(a.Command) == 0:
		return errors.New("command is missing: the local stack starts every app")
	case a.AppPort == 0:
		return errors.New("appPort is missing: the local stack starts apps that listen")
	case a.UnixDomainSocket != "":
		return errors.New("unixDomainSocket: the local stack speaks to daprd over TCP only")
	case a.AppSSL:
		return errors.New("appSSL is deprecated: set appProtocol to https")
	}
	return nil
}

// resolve makes the paths absolute and folds the deprecated resourcesPath in.
func (s *Shared) resolve(base string) error {
	var err error
	if s.ConfigFilePath != "" {
		if s.ConfigFilePath, err = existing(base, s.ConfigFilePath); err != nil {
			return fmt.Errorf("configFilePath: %w", err)
		}
	}
	if s.RuntimePath != "" {
		if s.RuntimePath, err = existing(base, s.RuntimePath); err != nil {
			return fmt.Errorf("runtimePath: %w", err)
		}
	}
	if s.ResourcesPath != "" {
		s.ResourcesPaths = append(s.ResourcesPaths, s.ResourcesPath)
		s.ResourcesPath = ""
	}
	for i, path := range s.ResourcesPaths {
		if s.ResourcesPaths[i], err = existing(base, path); err != nil {
			return fmt.Errorf("resourcesPaths: %w", err)
		}
	}
	return nil
}

// Choose makes apps read one folder of several that exclude each other, in place
// of the one that the template names. All of them are in parent.
func Choose(apps []App, parent, folder string) error {
	chosen := filepath.Join(parent, folder)
	for _, app := range apps {
		for i, path := range app.ResourcesPaths {
			if filepath.Dir(path) != parent || path == chosen {
				continue
			}
			if _, err := os.Stat(chosen); err != nil {
				return err
			}
			app.ResourcesPaths[i] = chosen
		}
	}
	return nil
}

func existing(base, path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		path = filepath.Join(home, rest)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	_, err := os.Stat(path)
	return path, err
}
