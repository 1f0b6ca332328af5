package operation

// Resource is what a transport with validators needs to know of an answer that is
// about one task: json.Marshal of Content is the task as it can be read by now.
type Resource struct {
	ID      int64
	Version int
	Created bool // by this call, rather than by an earlier one with the same idempotency key
	Content any
}

// Resource is the task.
func (o taskAnswer) Resource() Resource {
	return Resource{o.Task.ID, o.version, o.created, fullTaskAnswer{Task: o.Task, Recurrence: o.Recurrence, TimeZone: o.TimeZone}}
}

// Resource is the task.
func (w fullTaskAnswer) Resource() Resource { return Resource{w.Task.ID, w.version, false, w} }

// Next is the cursor of the next page; none is "".
func (m taskPage) Next() string { return m.NextCursor }
