package limit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachLimitIsNamed(t *testing.T) {
	few := JSON{Depth: 3, Items: 4, Values: 9}
	for text, want := range map[string]string{
		`{"a": [1, 2, 3, 4], "b": {}}`:               "",
		` [ ] `:                                      "",
		`"[[[[[[,,,,,,,,,,,,"`:                       "",
		`["\"[[[[", "\\", "]"]`:                      "",
		`{"tags": [1, 2, 3, 4, 5]}`:                  "tags has more than 4 values; send fewer at a time",
		`[{"a":1,"b":1,"c":1,"d":1,"e":1}]`:          "the text has more than 4 values; send fewer at a time",
		`{"x": {"y": [[[1]]]}}`:                      "y is nested more than 3 deep",
		`[[1,2,3,4],[1,2,3,4]]`:                      "the text has more than 9 values in all; send fewer at a time",
		strings.Repeat(`{"a":`, 1000):                "a is nested more than 3 deep",
		`{"` + strings.Repeat("é", 50) + `":[[[]]]}`: strings.Repeat("é", 20) + " is nested more than 3 deep",
	} {
		err := few.Check([]byte(text))
		if want == "" {
			require.NoError(t, err, text)
			continue
		}
		require.EqualError(t, err, want, text)
	}
}

func TestCheckingCostsNoMemory(t *testing.T) {
	text := []byte(`{"a":[` + strings.Repeat("[],", 900) + `[]]}`)
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = Body.Check(text) }))
}

// FuzzJSON compares what is counted with what a decoder finds.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":[]},"x\"]"],"c":null}`, `[]`, `[[],[[]],{}]`, `"\\"`, `{"a":{"a":{"a":1}}}`, `[,]`, "\x00", `{"`, `"\`, `]]]`} {
		f.Add([]byte(seed), 3, 4, 9)
	}
	f.Fuzz(func(t *testing.T, text []byte, depth, items, values int) {
		limits := JSON{Depth: depth & 15, Items: items & 63, Values: values & 255}
		err := limits.Check(text)
		if !json.Valid(text) {
			return
		}
		deepest, most, all := measure(t, text)
		within := deepest <= limits.Depth && most <= limits.Items && all <= limits.Values
		require.Equal(t, within, err == nil, "%s: %d deep, %d values in one, %d in all; %+v: %v", text, deepest, most, all, limits, err)
		var known *Error
		require.True(t, err == nil || errors.As(err, &known))
	})
}

func measure(t *testing.T, text []byte) (deepest, most, all int) {
	var open []int // values so far; in an object names count too
	var objects []bool
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return deepest, most, all
		}
		require.NoError(t, err)
		if token == json.Delim(']') || token == json.Delim('}') {
			n := open[len(open)-1]
			if objects[len(open)-1] {
				n /= 2
			}
			most, all = max(most, n), all+n
			open, objects = open[:len(open)-1], objects[:len(objects)-1]
			continue
		}
		if len(open) > 0 {
			open[len(open)-1]++
		} else {
			all++
		}
		if token == json.Delim('[') || token == json.Delim('{') {
			open, objects = append(open, 0), append(objects, token == json.Delim('{'))
			deepest = max(deepest, len(open))
		}
	}
}
