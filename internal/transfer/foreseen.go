package transfer

import (
	"context"
	"fmt"
	"strings"

	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// foreseen are the categories and tags that there would be, so that a dry run,
// which creates none, tells where there would be too many.
type foreseen struct{ categories, tags names }

type names map[string]bool // in lower case

func (s *Service) predictLabels(ctx context.Context, user person.Settings) (*foreseen, error) {
	f := &foreseen{categories: names{}, tags: names{}}
	categories, err := s.labels.Categories(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, c := range categories {
		f.categories.add(c.Label.Name, label.MaxCategories)
	}
	tags, err := s.labels.Tags(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, t := range tags {
		f.tags.add(t.Label.Name, label.MaxTagsPerUser)
	}
	return f, nil
}

// refuse says why a task could not be imported behind those before it; "" if it
// could. Until then it is as if it were.
func (f *foreseen) refuse(in task.Import) string {
	if in.Category.Value != "" && !f.categories.add(in.Category.Value, label.MaxCategories) {
		return fmt.Sprintf("category %q would be one more than the %d allowed", in.Category.Value, label.MaxCategories)
	}
	for _, tag := range in.Tags.Value {
		if !f.tags.add(tag, label.MaxTagsPerUser) {
			return fmt.Sprintf("tag %q would be one more than the %d allowed", tag, label.MaxTagsPerUser)
		}
	}
	return ""
}

// add tells whether the name is there, or can be.
func (n names) add(name string, most int) bool {
	name = input.NameKey(strings.TrimSpace(name))
	if !n[name] && len(n) >= most {
		return false
	}
	n[name] = true
	return true
}
