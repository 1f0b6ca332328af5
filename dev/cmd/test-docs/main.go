// Command test-docs runs the blocks of every page of the documents, as package pages
// says, or of the pages that are named. It prints what failed, and how many blocks
// were run and left out. With --write, it puts into the console blocks of the pages
// named what their commands print now, for pages that show what programs say.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tickler/dev/pages"
	"tickler/dev/stack"
)

// atOnce is how many pages run side by side: most of a page's time is waiting.
const atOnce = 2

const write = "--write"

// inside marks the process that runs one page, in a network of its own.
const inside = "--inside"

func main() {
	work := runAll
	switch {
	case len(os.Args) > 1 && os.Args[1] == inside:
		work = runOne
	case len(os.Args) > 1 && os.Args[1] == write:
		work = rewrite
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "test-docs:", err)
		os.Exit(1)
	}
}

func runAll() error {
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	files, err := tracked(root)
	if err != nil {
		return err
	}
	chosen := os.Args[1:]
	if len(chosen) == 0 {
		for _, name := range files {
			if strings.HasSuffix(name, ".md") {
				chosen = append(chosen, name)
			}
		}
	}
	var (
		begun   = time.Now()
		results = make([]pages.Result, len(chosen))
		turns   = make(chan struct{}, atOnce)
		wait    sync.WaitGroup
	)
	for i, page := range chosen {
		blocks, err := pages.Read(filepath.Join(root, page))
		if err != nil {
			results[i] = pages.Result{Page: page, Failures: []string{err.Error()}}
			continue
		}
		if !slices.ContainsFunc(blocks, pages.Block.Runs) {
			continue
		}
		wait.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			results[i] = one(root, page, files)
			fmt.Printf("%-32s %3d run, %2d compared, %2d left out, %3.0f s\n", page, results[i].Ran, results[i].Compared, total(results[i].Left), time.Since(begun).Seconds())
		})
	}
	wait.Wait()
	return sum(results, time.Since(begun))
}

// tracked lists the files of the repository as they are now, those not yet committed
// included.
func tracked(root string) ([]string, error) {
	output, err := exec.Command("git", "-C", root, "ls-files", "-co", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("listing the files of the repository: %w", err)
	}
	return slices.DeleteFunc(strings.Fields(string(output)), func(name string) bool {
		_, err := os.Lstat(filepath.Join(root, name))
		return err != nil
	}), nil
}

// one runs a page in a copy of the repository and a network of its own.
func one(root, page string, files []string) (result pages.Result) {
	failed := func(err error) pages.Result {
		return pages.Result{Page: page, Failures: []string{err.Error()}}
	}
	dir, err := os.MkdirTemp("", "tickler-docs-")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, "copy")
	for _, folder := range []string{copied, filepath.Join(dir, "var"), filepath.Join(dir, "home"), filepath.Join(dir, "work")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return failed(err)
		}
	}
	// Postgres may run as another user, who must reach its data.
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Join(dir, "var"), 0o1777)); err != nil {
		return failed(err)
	}
	list := exec.Command("tar", "-C", root, "-cf", "-", "--null", "-T", "-")
	list.Stdin = strings.NewReader(strings.Join(files, "\x00") + "\x00bin\x00")
	unpack := exec.Command("tar", "-C", copied, "-xf", "-")
	if unpack.Stdin, err = list.StdoutPipe(); err != nil {
		return failed(err)
	}
	list.Stderr, unpack.Stderr = os.Stderr, os.Stderr
	if err := errors.Join(unpack.Start(), list.Run(), unpack.Wait()); err != nil {
		return failed(fmt.Errorf("copying the repository: %w", err))
	}
	self, err := os.Executable()
	if err != nil {
		return failed(err)
	}
	cmd := exec.Command(self, inside, root, dir, page)
	cmd.Stderr = os.Stderr
	pages.Isolate(cmd)
	output, err := cmd.Output()
	if err != nil {
		return failed(fmt.Errorf("a network of its own: %w", err))
	}
	if err := json.Unmarshal(output, &result); err != nil {
		return failed(err)
	}
	made, err := pages.Made(root, copied, files)
	if err != nil {
		return failed(err)
	}
	if len(made) > 0 {
		result.Failures = append(result.Failures, "it makes files that git does not ignore: "+strings.Join(made, ", "))
	}
	return result
}

// runOne is the process that runs a page, and prints the result.
func runOne() error {
	root, dir, page := os.Args[2], os.Args[3], os.Args[4]
	environment, err := environment(filepath.Join(dir, "home"))
	if err != nil {
		return err
	}
	if err := pages.Enter(root, filepath.Join(dir, "copy"), filepath.Join(dir, "var")); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(pages.Run(page, filepath.Join(dir, "work"), environment))
}

// rewrite writes what the commands of pages print, as they print it in the repository.
func rewrite() error {
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "tickler-docs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	variables, err := environment(work)
	if err != nil {
		return err
	}
	for _, page := range os.Args[2:] {
		if err := pages.Rewrite(page, work, variables); err != nil {
			return err
		}
	}
	return nil
}

// environment is that of a newcomer's terminal, with a home of its own and the caches
// of Go, since there is no Internet to fill others from.
func environment(home string) ([]string, error) {
	output, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	caches := strings.Fields(string(output))
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "TERM=dumb", "SHELL=/bin/bash",
		"GOCACHE=" + caches[0], "GOMODCACHE=" + caches[1], "GOPATH=" + caches[2], "XDG_CACHE_HOME=" + cache,
		"GOPROXY=off", "GOTOOLCHAIN=" + os.Getenv("GOTOOLCHAIN"), "GOFLAGS=-buildvcs=false",
	}, nil
}

// sum prints the failures and the counts.
func sum(results []pages.Result, took time.Duration) error {
	ran, compared, failures, left := 0, 0, 0, map[string]int{}
	for _, r := range results {
		ran, compared, failures = ran+r.Ran, compared+r.Compared, failures+len(r.Failures)
		for reason, n := range r.Left {
			left[reason] += n
		}
		for _, failure := range r.Failures {
			fmt.Printf("\n--- %s: %s\n", r.Page, failure)
		}
	}
	fmt.Printf("\n%d blocks run in %.0f s, %d of them compared with what their page shows; %d left out", ran, took.Seconds(), compared, total(left))
	for i, reason := range slices.Sorted(maps.Keys(left)) {
		fmt.Printf("%s %s %d", map[bool]string{true: ":", false: ","}[i == 0], reason, left[reason])
	}
	fmt.Println(".")
	if failures > 0 {
		return fmt.Errorf("%d failures", failures)
	}
	return nil
}

func total(left map[string]int) (n int) {
	for _, count := range left {
		n += count
	}
	return n
}
