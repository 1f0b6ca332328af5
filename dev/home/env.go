package home

import (
	"fmt"
	"strings"
)

// Variable is a line of the env file.
type Variable struct{ Name, Value string }

// Variables is in the env file of every home: the path of the home.
const Variables = "TICKLER_ENV_OF"

// WriteEnv writes the file that `. .tickler/env` reads in any POSIX shell.
func (h *Home) WriteEnv(variables []Variable) error {
	var text strings.Builder
	text.WriteString("# Written by the local stack at every start; holds credentials of this home.\n")
	for _, v := range variables {
		fmt.Fprintf(&text, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
	}
	return writePrivate(h.In("env"), []byte(text.String()))
}
