package config_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/config"
)

// clear leaves only what a test sets.
func clear(t *testing.T) {
	for _, name := range []string{"DATABASE_URL", "TICKLER_LISTEN", "APP_PORT", "APP_API_TOKEN", "DAPR_GRPC_PORT", "DAPR_HTTP_PORT", "TICKLER_LOG_LEVEL", "TICKLER_DRAIN"} {
		t.Setenv(name, "")
	}
}

func TestEveryMissingSettingIsNamedAtOnce(t *testing.T) {
	clear(t)
	_, err := config.Worker("127.0.0.1:8081")
	require.ErrorContains(t, err, "DATABASE_URL is not set")
	require.ErrorContains(t, err, "APP_PORT is not set")
	require.ErrorContains(t, err, "APP_API_TOKEN is not set")
}

func TestWrongSettingIsNamedWithWhatIsAllowed(t *testing.T) {
	for name, value := range map[string]string{
		"TICKLER_LISTEN": "8080", "DAPR_GRPC_PORT": "0", "TICKLER_LOG_LEVEL": "loud", "TICKLER_DRAIN": "25",
	} {
		clear(t)
		t.Setenv("DATABASE_URL", "postgres://localhost/x")
		t.Setenv(name, value)
		_, err := config.Worker("127.0.0.1:8081")
		require.ErrorContains(t, err, name+": must be")
	}
}

func TestPeopleSignInWithTrustedIssuersOnly(t *testing.T) {
	for _, wrong := range []string{"https://other.example.com=tickler", "https://id.example.com", "https://id.example.com=", "=tickler"} {
		clear(t)
		t.Setenv("DATABASE_URL", "postgres://localhost/x")
		t.Setenv("TICKLER_ISSUERS", "https://id.example.com")
		t.Setenv("TICKLER_SIGN_IN_CLIENTS", wrong)
		_, err := config.API()
		require.ErrorContains(t, err, "TICKLER_SIGN_IN_CLIENTS: must be ISSUER=CLIENT_ID", wrong)
	}
	t.Setenv("TICKLER_SIGN_IN_CLIENTS", "https://id.example.com=tickler")
	t.Setenv("TICKLER_SIGN_IN_SECRETS", "https://id.example.com=a=b==")
	c, err := config.API()
	require.NoError(t, err)
	require.Equal(t, []access.Client{{Issuer: "https://id.example.com", ID: "tickler", Secret: "a=b=="}}, c.Guard.SignInClients)
	t.Setenv("TICKLER_SIGN_IN_SECRETS", "https://other.example.com=secret")
	_, err = config.API()
	require.ErrorContains(t, err, "TICKLER_SIGN_IN_SECRETS: must be ISSUER=SECRET")
	require.NotContains(t, err.Error(), "=secret", "no secret in an error")
}

func TestDefaultsListenOnLoopbackOnly(t *testing.T) {
	clear(t)
	t.Setenv("DATABASE_URL", "postgres://localhost/x")
	t.Setenv("APP_PORT", "9000")
	t.Setenv("APP_API_TOKEN", "secret")
	api, err := config.API()
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:9000", api.Listen)
	worker, err := config.Worker("127.0.0.1:8081")
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8081", worker.Listen)
	require.Equal(t, "127.0.0.1:9000", worker.Callbacks)
	t.Setenv("APP_PORT", "")
	api, err = config.API()
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", api.Listen)
}

func TestHelpListsEverySetting(t *testing.T) {
	clear(t)
	var out bytes.Buffer
	config.HelpWorker(&out, "127.0.0.1:8081")
	for _, name := range []string{"DATABASE_URL", "TICKLER_LISTEN", "DAPR_API_TOKEN", "APP_API_TOKEN", "TICKLER_DRAIN"} {
		require.Contains(t, out.String(), name)
	}
}

// Paths are appended to it: a slash more would lead elsewhere.
func TestPublicURLEndsWithoutASlash(t *testing.T) {
	clear(t)
	t.Setenv("DATABASE_URL", "postgres://localhost/x")
	for _, given := range []string{"https://tickler.example.com", "https://tickler.example.com/", "https://tickler.example.com//"} {
		t.Setenv("TICKLER_PUBLIC_URL", given)
		api, err := config.API()
		require.NoError(t, err)
		require.Equal(t, "https://tickler.example.com", api.Guard.PublicURL)
	}
}
