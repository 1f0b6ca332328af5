package transfer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// plannedLabels are the categories and tags that there would be after an import. A
// dry run, which creates none, reports by them where there would be too many.
type plannedLabels struct{ categories, tags names }

type names map[string]string // by their input.NameKey

func (s *Service) predictLabels(ctx context.Context, user person.Settings) (*plannedLabels, error) {
	p := &plannedLabels{categories: names{}, tags: names{}}
	categories, err := s.labels.Categories(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, c := range categories {
		p.categories[input.NameKey(c.Label.Name)] = c.Label.Name
	}
	tags, err := s.labels.Tags(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, t := range tags {
		p.tags[input.NameKey(t.Label.Name)] = t.Label.Name
	}
	return p, nil
}

// refuse returns why a task could not be imported after those before it, "" if it
// could, and then counts it as imported.
func (p *plannedLabels) refuse(in task.Import) string {
	var err error
	if in.Category.Value != "" {
		err = p.categories.add(in.Category.Value, "category", label.CheckCategoryRoom)
	}
	for _, tag := range in.Tags.Value {
		if err == nil {
			err = p.tags.add(tag, "tag", label.CheckTagRoom)
		}
	}
	if e := (*fault.Error)(nil); errors.As(err, &e) {
		return e.Plain().Message
	}
	return ""
}

// add adds a name of a kind, unless it is there, looks like another or there is no
// room for it.
func (n names) add(name, kind string, room func(field, name string, existing int) error) error {
	key := input.NameKey(strings.TrimSpace(name))
	if _, there := n[key]; there {
		return nil
	}
	if err := label.CheckLookalike("", kind, name, slices.Collect(maps.Values(n))); err != nil {
		return err
	}
	if err := room("", name, len(n)); err != nil {
		return err
	}
	n[key] = name
	return nil
}
