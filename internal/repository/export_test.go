package repository

// ClaimRemindersSQL is the scan, for a test that looks at its plan.
const ClaimRemindersSQL = claimReminders

// FeedSQL is what a calendar feed reads: its tasks, and their version.
var FeedSQL = []string{feedTasks, feedVersion}

// CheckRole is checkRole, for tests of its own.
var CheckRole = checkRole
