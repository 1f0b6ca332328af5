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
)

// plannedLabels are the categories and tags that there are after an import, as far as
// it has come. What cannot be one of them is found by these before a task is imported,
// in a dry run too, which creates none.
type plannedLabels struct{ categories, tags names }

type names map[string]string // by their input.NameKey

func (s *Service) predictLabels(ctx context.Context, user person.Settings) (*plannedLabels, error) {
	p := &plannedLabels{categories: names{}, tags: names{}}
	categories, err := s.labels.Categories(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, c := range categories {
		p.categories.add(c.Label.Name)
	}
	tags, err := s.labels.Tags(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, t := range tags {
		p.tags.add(t.Label.Name)
	}
	return p, nil
}

// fit drops the category and the tags of a task that cannot be, and keeps their names
// in its description.
func (p *plannedLabels) fit(i *item) {
	if name := i.in.Category.Value; strings.TrimSpace(name) != "" {
		if err := p.categories.check(name, "category", label.MaxCategoryName, label.CheckCategoryRoom); err != nil {
			i.drop(err)
		}
	}
	if len(i.in.Tags.Value) == 0 {
		return
	}
	var fits, lost []string
	mine, all := names{}, maps.Clone(p.tags)
	for _, tag := range i.in.Tags.Value {
		if mine.has(tag) {
			continue
		}
		err := all.check(tag, "tag", label.MaxTagName, label.CheckTagRoom)
		e := (*fault.Error)(nil)
		switch {
		case errors.As(err, &e):
			lost = append(lost, tag)
			i.note("%s; it stands in the description", e.Plain().Message)
		case len(fits) == label.MaxTagsPerTask:
			lost = append(lost, tag)
			i.note("tag %q is one more than the %d that a task can have; it stands in the description", fault.Clip(tag), label.MaxTagsPerTask)
		default:
			mine.add(tag)
			all.add(tag)
			fits = append(fits, tag)
		}
	}
	i.in.Tags = input.Some(fits)
	if len(lost) > 0 {
		i.line("Tags: " + i.storable(strings.Join(lost, ", ")))
	}
}

// accept counts the category and the tags of a task that was imported.
func (p *plannedLabels) accept(i *item) {
	if name := strings.TrimSpace(i.in.Category.Value); name != "" {
		p.categories.add(name)
	}
	for _, tag := range i.in.Tags.Value {
		p.tags.add(tag)
	}
}

func (n names) has(name string) bool {
	_, there := n[input.NameKey(strings.TrimSpace(name))]
	return there
}

// add adds a name, unless it is there.
func (n names) add(name string) {
	if !n.has(name) {
		n[input.NameKey(strings.TrimSpace(name))] = strings.TrimSpace(name)
	}
}

// check refuses a name of a kind that is not among them and cannot be added:
// it is none, looks like another, or there is no room for it.
func (n names) check(name, kind string, longest int, room func(field, name string, existing int) error) error {
	if n.has(name) {
		return nil
	}
	if _, err := input.CheckName(kind, name, longest, "home"); err != nil {
		return err
	}
	if err := label.CheckLookalike(kind, kind, name, slices.Collect(maps.Values(n))); err != nil {
		return err
	}
	return room(kind, name, len(n))
}
