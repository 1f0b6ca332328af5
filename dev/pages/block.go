package pages

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// Reasons for which a block is not run, as pages name them.
var Reasons = []string{
	"a cluster",    // Kubernetes, with Dapr
	"Docker",       //
	"the Internet", // a domain, a tunnel, a registry
	"a client",     // Claude Code or another program that is not part of this
	"a broker",     // one that the machine need not have
	"a mailbox",    // a server that takes mail
	"dapr init",    // placement and scheduler, which workflows want
	"your values",  // it is to be edited first
	"stopped apps", // while the page's own stack runs
}

// Block is a fenced block of a page.
type Block struct {
	Line     int // of its first line
	Language string
	Text     string

	NotRun    string // the reason, "" when it is run
	Elsewhere bool   // in a terminal of its own
	Stack     bool   // it is make run or make infra, which the page goes on with
	Until     string // what that terminal prints when it is ready
	AfterStop bool   // other terminals are ended before it
	Fails     bool
	Example   bool

	// Output is what the page says that it prints, "" when it says nothing.
	Output string
}

// Runs reports whether the block is something to run.
func (b Block) Runs() bool {
	return slices.Contains([]string{"sh", "console", "sql", "python"}, b.Language)
}

// ReadyLine is in the banner of make run, and of make infra.
const ReadyLine = "the data stays"

// Read returns the blocks of the page at path.
func Read(path string) ([]Block, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	blocks, err := Parse(source)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return blocks, nil
}

// Parse returns the blocks of a page. Its errors begin with the line.
func Parse(source []byte) ([]Block, error) {
	document := goldmark.DefaultParser().Parse(text.NewReader(source))
	var blocks []Block
	var comment string
	paragraphs := 0 // since the last block, or more than one after a heading
	line := func(lines *text.Segments) int {
		if lines.Len() == 0 {
			return 0
		}
		return 1 + strings.Count(string(source[:lines.At(0).Start]), "\n")
	}
	err := ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node := node.(type) {
		case *ast.HTMLBlock:
			comment = strings.TrimSpace(string(node.Lines().Value(source)))
			return ast.WalkSkipChildren, nil
		case *ast.CodeBlock:
			return ast.WalkStop, fmt.Errorf("%d: a block without a fence: fence it and name its language", line(node.Lines()))
		case *ast.FencedCodeBlock:
			b := Block{Line: line(node.Lines()), Language: string(node.Language(source)), Text: string(node.Lines().Value(source))}
			if err := b.note(comment); err != nil {
				return ast.WalkStop, fmt.Errorf("%d: %w", b.Line, err)
			}
			comment = ""
			if b.Language == "text" || b.Language == "json" {
				last := len(blocks) - 1
				switch {
				case b.Example:
				case last >= 0 && paragraphs <= 1 && blocks[last].Runs() && blocks[last].Output == "":
					blocks[last].Output = b.Text
				default:
					return ast.WalkStop, fmt.Errorf("%d: what prints this? It stands behind no block that runs; <!-- example --> before it says that nothing does", b.Line)
				}
			}
			blocks = append(blocks, b)
			if b.Runs() {
				paragraphs = 0
			} else {
				paragraphs = 2
			}
		case *ast.Heading:
			paragraphs = 2
		case *ast.Paragraph:
			paragraphs++
			comment = ""
		}
		return ast.WalkContinue, nil
	})
	return blocks, err
}

// note takes what the comment before a block says.
func (b *Block) note(comment string) error {
	if b.Language == "" {
		return fmt.Errorf("a block without a language: sh, text, …")
	}
	if b.Language == "sh" {
		lines := strings.Split(strings.TrimSpace(b.Text), "\n")
		last := lines[len(lines)-1]
		if command, _, _ := strings.Cut(last, "#"); strings.Contains(command, "make run") || strings.Contains(command, "make infra") {
			b.Elsewhere, b.Stack, b.Until = true, true, ReadyLine
		}
	}
	says, found := strings.CutPrefix(comment, "<!-- ")
	if !found {
		return nil
	}
	says = strings.TrimSuffix(says, " -->")
	what, of, _ := strings.Cut(says, ": ")
	switch what {
	case "not run":
		if !slices.Contains(Reasons, of) {
			return fmt.Errorf("%q is no reason not to run it: %s", of, strings.Join(Reasons, ", "))
		}
		b.NotRun = of
	case "elsewhere, until":
		// A second system, in a home of its own, is none that the page goes on with.
		b.Elsewhere, b.Stack, b.Until = true, b.Stack && !strings.Contains(b.Text, "TICKLER_HOME="), of
	case "after ^C":
		b.AfterStop = true
	case "fails":
		b.Fails = true
	case "example":
		b.Example = true
	}
	return nil
}

// command is a line of a console block with what it prints.
type command struct{ line, output string }

// commands are those of a console block.
func (b Block) commands() []command {
	var all []command
	for line := range strings.Lines(b.Text) {
		if entered, found := strings.CutPrefix(line, "$ "); found {
			all = append(all, command{line: strings.TrimSpace(entered)})
		} else if len(all) > 0 {
			all[len(all)-1].output += line
		}
	}
	return all
}
