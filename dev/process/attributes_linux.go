package process

import "syscall"

// attributes puts the process in a group of its own, so that ^C in a terminal
// reaches only the supervisor, and ties its life to the supervisor's.
func attributes(spec Spec) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: spec.OrphanSignal}
	if spec.UID != 0 {
		attr.Credential = &syscall.Credential{Uid: spec.UID, Gid: spec.GID}
	}
	return attr
}
