// Package chaos lets users work while everything that serves them is killed, frozen,
// cut off and filled up, and then balances the books from outside: what users were told
// against what the system shows, what the bus carried and which webhooks were called.
//
//	driver.go    a run from its start to its report
//	plan.go      which disturbance happens when, from the seed
//	worker.go    what users do; stories.go has what they do to one task
//	calls.go page.go   the three ways in
//	books.go     what was recorded; balance.go judges it and knows nothing else
//	local.go     a stack on this machine, and what can be done to it
//
// `make chaos` runs it on this machine; the test of package e2e that make chaos-k8s
// runs drives a cluster with it.
package chaos
