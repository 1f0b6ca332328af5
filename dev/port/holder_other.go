//go:build !linux

package port

// holder is known on Linux only.
func holder(int) string { return "" }
