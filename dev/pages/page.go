package pages

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Result tells how it went with a page.
type Result struct {
	Page     string
	Ran      int            // blocks that were run
	Compared int            // those of them whose output the page shows
	Left     map[string]int // blocks that were not run, by reason
	Failures []string
}

// run is a page under way.
type run struct {
	environment []string
	work        string // folder for what is pasted and printed
	shell       *shell
	terminals   []*terminal
	result      Result
}

// Run runs the page at path in the working directory, which is a copy of the
// repository for this page alone. environment is that of each terminal; work is an
// empty folder outside of the copy.
func Run(path, work string, environment []string) Result {
	r := &run{environment: environment, work: work, result: Result{Page: path, Left: map[string]int{}}}
	blocks, err := Read(path)
	if err != nil {
		r.result.Failures = append(r.result.Failures, err.Error())
		return r.result
	}
	if r.shell, err = openShell(work, environment); err != nil {
		r.result.Failures = append(r.result.Failures, err.Error())
		return r.result
	}
	for _, b := range blocks {
		if !b.Runs() {
			continue
		}
		if b.NotRun != "" {
			r.result.Left[b.NotRun]++
			if b.Language == "sh" {
				r.check(b)
			}
			continue
		}
		r.result.Ran++
		if b.Output != "" || b.Language == "console" {
			r.result.Compared++
		}
		if err := r.block(b); err != nil {
			r.fail(b, err)
			if r.shell.cmd.ProcessState != nil {
				break
			}
		}
	}
	if left := r.shell.close(); left != "" {
		r.result.Failures = append(r.result.Failures, "left running at the end of the page: "+left)
	}
	r.interrupt()
	return r.result
}

func (r *run) fail(b Block, err error) {
	r.result.Failures = append(r.result.Failures, fmt.Sprintf("line %d: %v", b.Line, err))
}

// check looks at the syntax of a block that is not run.
func (r *run) check(b Block) {
	check := exec.Command("bash", "-n")
	check.Stdin = strings.NewReader(b.Text)
	if output, err := check.CombinedOutput(); err != nil {
		r.fail(b, fmt.Errorf("no shell would take it: %s", output))
	}
}

// block runs one.
func (r *run) block(b Block) error {
	if b.AfterStop || b.Stack {
		r.interrupt()
	}
	if strings.Contains(b.Text, ". .tickler/env") && !slices.ContainsFunc(r.terminals, func(t *terminal) bool { return t.block.Stack }) {
		if err := r.elsewhere(Block{Text: "bin/tickler-dev run", Elsewhere: true, Stack: true, Until: ReadyLine}); err != nil {
			return err
		}
	}
	if b.Elsewhere {
		return r.elsewhere(b)
	}
	switch b.Language {
	case "console":
		for _, c := range b.commands() {
			printed, _, err := r.shell.paste(c.line)
			if err != nil {
				return fmt.Errorf("%s: %w; it printed:\n%s", c.line, err, printed)
			}
			if !shows(printed, c.output) || strings.Count(strings.TrimSpace(printed), "\n") != strings.Count(strings.TrimSpace(c.output), "\n") && !strings.Contains(c.output, "…") {
				return fmt.Errorf("%s\nprinted:\n%sand not:\n%s", c.line, printed, c.output)
			}
		}
		return nil
	case "sql":
		b.Text = "psql -qX -v ON_ERROR_STOP=1 \"$DATABASE_URL\" <<'END'\n" + b.Text + "END\n"
	case "python":
		b.Text = "python3 - <<'END'\n" + b.Text + "END\n"
	}
	printed, failed, err := r.shell.paste(b.Text)
	switch {
	case err != nil:
	case failed != "" && !b.Fails:
		err = errors.New("a command failed: " + failed)
	case failed == "" && b.Fails:
		err = errors.New("it did not fail, and the page says that it does")
	case b.Output != "" && !shows(printed, b.Output):
		err = fmt.Errorf("it does not print what the page shows:\n%s", b.Output)
	default:
		if code := unexpected(printed, b.Output); code != "" {
			err = fmt.Errorf("it printed %s, which the page does not show", code)
		}
	}
	if err != nil {
		return fmt.Errorf("%w\nIt printed:\n%s", err, end(printed))
	}
	return nil
}

// end is the end of what was printed, as much as a person reads.
func end(printed string) string {
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// elsewhere runs a block in a terminal of its own.
func (r *run) elsewhere(b Block) error {
	t, err := openTerminal(r.work, r.environment, b)
	if err != nil {
		return err
	}
	r.terminals = append(r.terminals, t)
	err = t.await()
	if err == nil && b.Output != "" && !shows(t.printed(), b.Output) {
		err = fmt.Errorf("it does not print what the page shows:\n%s", b.Output)
	}
	if err != nil {
		return fmt.Errorf("%w\nIt printed:\n%s", err, end(t.printed()))
	}
	return nil
}

// interrupt ends what runs in other terminals, the last that was opened first.
func (r *run) interrupt() {
	for _, t := range slices.Backward(r.terminals) {
		t.interrupt()
	}
	r.terminals = nil
}

// Made lists the files in copy that are not among known and are not ignored by git, by
// the rules of the repository: a page must leave nothing in a clone that one would commit.
func Made(repository, copied string, known []string) ([]string, error) {
	isKnown := map[string]bool{}
	for _, name := range known {
		isKnown[name] = true
	}
	var made []string
	err := filepath.WalkDir(copied, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && entry.IsDir() && slices.Contains([]string{".tickler", "node_modules", "bin"}, entry.Name()) {
				return filepath.SkipDir
			}
			return err
		}
		if name, _ := filepath.Rel(copied, path); !isKnown[name] {
			made = append(made, name)
		}
		return nil
	})
	if err != nil || len(made) == 0 {
		return nil, err
	}
	ignored := exec.Command("git", "-C", repository, "check-ignore", "--no-index", "--stdin")
	ignored.Stdin = strings.NewReader(strings.Join(made, "\n"))
	output, _ := ignored.Output() // status 1: none is
	return slices.DeleteFunc(made, func(name string) bool {
		return slices.Contains(strings.Split(string(output), "\n"), name)
	}), nil
}
