package operation

// Versioned is an answer about one task, for transports with validators.
type Versioned interface{ Resource() Resource }

// Paged is an answer that is one page of several; Next is the cursor of the next
// page, "" after the last.
type Paged interface{ Next() string }

// Resource is a task in an answer.
type Resource struct {
	ID      int64
	Version int
	Created bool // by this call, not by an earlier one with the same idempotency key
	Content any  // marshals to the current representation of the task
}

// Resource is the task.
func (o taskAnswer) Resource() Resource {
	return Resource{o.Task.ID, o.version, o.created, fullTaskAnswer{Task: o.Task, Recurrence: o.Recurrence, TimeZone: o.TimeZone}}
}

// Resource is the task.
func (w fullTaskAnswer) Resource() Resource { return Resource{w.Task.ID, w.version, false, w} }

// Next returns the cursor of the next page, or "".
func (m taskPage) Next() string { return m.NextCursor }
