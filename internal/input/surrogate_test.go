package input_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
)

func TestHalfSurrogateIsFoundWithItsMember(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		`"\ud83d\ude00"`:                  {"", ""},
		`"\\ud800"`:                       {"", ""},
		`"\\\ud800"`:                      {`\ud800`, ""},
		`"\"\ud800\""`:                    {`\ud800`, ""},
		`"\ude00\ud83d"`:                  {`\ude00`, ""},
		`"\uD83D\u0041"`:                  {`\uD83D`, ""},
		`"\ud83d\ud83d\ude00"`:            {`\ud83d`, ""},
		`"a\ud800`:                        {`\ud800`, ""},
		`[{"a":"b"},{"title":"x\udfff"}]`: {`\udfff`, "title"},
		`{"tags":["a","b\ud800"]}`:        {`\ud800`, "tags"},
		`{"\ud800":1}`:                    {`\ud800`, ""},
		`{"a":"\u0000\ufffd😀","b":[1,{"c":2}]}`: {"", ""},
	} {
		escape, member := input.HalfSurrogate([]byte(text))
		require.Equal(t, want, [2]string{escape, member}, text)
	}
}

func FuzzHalfSurrogate(f *testing.F) {
	for _, seed := range []string{`"\ud800"`, `"\ud83d\ude00"`, `{"a\"":["\\\udc00"]}`, `"\`, `"\u`, `"\ud800\`, `"\ud800\u12`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		escape, _ := input.HalfSurrogate(text)
		var value any
		if !json.Valid(text) || strings.Contains(string(text), "\ufffd") || strings.Contains(strings.ToLower(string(text)), `\ufffd`) || strings.ToValidUTF8(string(text), "") != string(text) {
			return
		}
		require.NoError(t, json.Unmarshal(text, &value))
		again, err := json.Marshal(value)
		require.NoError(t, err)
		if escape == "" {
			require.NotContains(t, string(again), "\ufffd", "%s", text)
		} else if _, one := value.(string); one { // a repeated member would be lost
			require.Contains(t, string(again), "\ufffd", "%s", text)
		}
	})
}
