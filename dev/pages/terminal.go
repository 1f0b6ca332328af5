package pages

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long a block may take, a build of the apps included.
const patience = 3 * time.Minute

// prelude notes each command that fails, with its line. 124 is what timeout says of a
// command that it ended as asked.
const prelude = `set -E
trap 'failed_status=$?; [ $failed_status = 124 ] || echo "line $LINENO: status $failed_status: $BASH_COMMAND" >>%q' ERR
`

// shell is a terminal into which blocks are pasted one after the other.
type shell struct {
	work string // folder for what is pasted and printed
	cmd  *exec.Cmd
	in   *os.File
	said chan string // a line for each block that ended; closed when the shell is
	n    int
}

func openShell(work string, environment []string) (*shell, error) {
	in, feed, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	told, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s := &shell{work: work, in: feed, said: make(chan string, 1)}
	s.cmd = exec.Command("bash", "--noprofile", "--norc")
	s.cmd.Env, s.cmd.Stdin, s.cmd.ExtraFiles = environment, in, []*os.File{tell}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	_, _ = in.Close(), tell.Close()
	go func() {
		defer close(s.said)
		for lines := bufio.NewScanner(told); lines.Scan(); {
			s.said <- lines.Text()
		}
	}()
	_, err = fmt.Fprintf(feed, prelude, s.failures())
	return s, err
}

func (s *shell) failures() string { return filepath.Join(s.work, "failures") }

// paste runs text, and returns what it printed and which of its commands failed.
func (s *shell) paste(text string) (printed, failed string, err error) {
	s.n++
	pasted := filepath.Join(s.work, fmt.Sprintf("pasted-%d.sh", s.n))
	output := filepath.Join(s.work, fmt.Sprintf("printed-%d", s.n))
	if err := os.WriteFile(pasted, []byte(text), 0o600); err != nil {
		return "", "", err
	}
	_ = os.Remove(s.failures())
	// Descriptor 3 is not for what is pasted: a server that it starts would keep it.
	if _, err := fmt.Fprintf(s.in, ". %q </dev/null >%q 2>&1 3>&-\necho done >&3\n", pasted, output); err != nil {
		return "", "", err
	}
	select {
	case _, open := <-s.said:
		if !open {
			err = errors.New("it ended the shell")
		}
	case <-time.After(patience):
		err = fmt.Errorf("it did not end within %s", patience)
	}
	text1, _ := os.ReadFile(output)
	text2, _ := os.ReadFile(s.failures())
	return string(text1), strings.TrimSpace(string(text2)), err
}

// close ends the shell, and says what still ran in it some seconds after it was asked to
// end.
func (s *shell) close() (left string) {
	printed, _, err := s.paste("for _ in 1 2 3 4 5 6; do [ -z \"$(jobs -r)\" ] || sleep 1; done\njobs -r")
	_ = s.in.Close()
	if err != nil {
		printed = ""
	}
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	_ = s.cmd.Wait()
	return strings.TrimSpace(printed)
}

// terminal is another one, in which a single block runs until it is interrupted.
type terminal struct {
	block  Block
	cmd    *exec.Cmd
	output string
	ended  chan struct{}
}

func openTerminal(work string, environment []string, b Block) (*terminal, error) {
	pasted := filepath.Join(work, fmt.Sprintf("elsewhere-%d.sh", b.Line))
	if err := os.WriteFile(pasted, []byte(b.Text), 0o600); err != nil {
		return nil, err
	}
	t := &terminal{block: b, output: filepath.Join(work, fmt.Sprintf("elsewhere-%d", b.Line)), ended: make(chan struct{})}
	output, err := os.Create(t.output)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	t.cmd = exec.Command("bash", "--noprofile", "--norc", pasted)
	t.cmd.Env, t.cmd.Stdout, t.cmd.Stderr = environment, output, output
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := t.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = t.cmd.Wait()
		close(t.ended)
	}()
	return t, nil
}

func (t *terminal) printed() string {
	text, _ := os.ReadFile(t.output)
	return string(text)
}

// await waits until the terminal has printed what says that it is ready.
func (t *terminal) await() error {
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		select {
		case <-t.ended:
			if t.block.Until != "" && strings.Contains(t.printed(), t.block.Until) {
				return nil
			}
			return errors.New("it ended")
		default:
		}
		if strings.Contains(t.printed(), t.block.Until) {
			return nil
		}
		if time.Since(begun) > patience {
			return fmt.Errorf("it did not print %q within %s", t.block.Until, patience)
		}
	}
}

// interrupt is ^C, and after half a minute the end.
func (t *terminal) interrupt() {
	_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGINT)
	select {
	case <-t.ended:
	case <-time.After(30 * time.Second):
		_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL)
		<-t.ended
	}
}
