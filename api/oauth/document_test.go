package oauth

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDocumentIsKeptAsLongAsItsHeadersSay(t *testing.T) {
	for header, kept := range map[string]time.Duration{
		"": 5 * time.Minute, "max-age=60": time.Minute, "public, Max-Age=\"120\"": 2 * time.Minute, "no-store": 0, "max-age=60, no-cache": 0,
		"max-age=99999999": 24 * time.Hour, "max-age=-1": 5 * time.Minute, "max-age=x": 5 * time.Minute, "max-age=0": 0,
	} {
		require.Equal(t, kept, freshFor(http.Header{"Cache-Control": {header}}), header)
	}
}
