package operation

// Answers of operations, for the transport that shows them as Go values: the page.
type (
	TaskAnswer     = taskAnswer
	FullTaskAnswer = fullTaskAnswer
	TaskPage       = taskPage
	OverviewAnswer = overviewAnswer
	OverviewPart   = overviewPart
	AgendaView     = agendaView
	Outcomes       = outcomes
	CategoryAnswer = categoryAnswer
	CategoryList   = categoryList
	TagAnswer      = tagAnswer
	TagList        = tagList
	ReminderAnswer = reminderAnswer
	SettingsAnswer = settingsAnswer
)
