package task

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// resolveCategory finds a category by name or id; both empty is none.
func resolveCategory(ctx context.Context, tx Tx, name string, id int64) (*Category, error) {
	if name == "" && id == 0 {
		return nil, nil
	}
	all, err := tx.Categories(ctx)
	if err != nil {
		return nil, err
	}
	return findCategory(all, name, id)
}

func findCategory(all []Category, name string, id int64) (*Category, error) {
	if name != "" && id != 0 {
		return nil, Invalid("category", "and category_id were both given; give one of them")
	}
	for i := range all {
		if (id != 0 && all[i].ID == id) || (name != "" && strings.EqualFold(all[i].Name, strings.TrimSpace(name))) {
			return &all[i], nil
		}
	}
	if id != 0 {
		return nil, &Error{Code: NotFound, Field: "category_id", Message: fmt.Sprintf("there is no category %d among yours%s", id, listNames(categoryNames(all)))}
	}
	e := &Error{Code: NotFound, Field: "category", Message: fmt.Sprintf("there is no category %q among yours%s", clip(name), listNames(categoryNames(all)))}
	if near := Nearest(name, categoryNames(all)); near != "" {
		e.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	return nil, e
}

// resolveTags finds tags by name and by id. Unknown names are created, unknown
// ids are an error. The result has no doubles and is ordered by name.
func resolveTags(ctx context.Context, tx Tx, names []string, ids []int64) ([]Tag, error) {
	if len(names) == 0 && len(ids) == 0 {
		return nil, nil
	}
	names, err := checkTagNames(names)
	if err != nil {
		return nil, err
	}
	all, err := tx.Tags(ctx, false)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(names, func(n string) bool { return findTag(all, n, 0) == nil }) {
		// Some must be created: read again under the lock that keeps the limit exact.
		if all, err = tx.Tags(ctx, true); err != nil {
			return nil, err
		}
	}
	var tags []Tag
	add := func(t Tag) {
		if !slices.ContainsFunc(tags, func(o Tag) bool { return o.ID == t.ID }) {
			tags = append(tags, t)
		}
	}
	for _, id := range ids {
		found := findTag(all, "", id)
		if found == nil {
			return nil, &Error{Code: NotFound, Field: "tag_ids", Message: fmt.Sprintf("there is no tag %d among yours", id), Hint: "tags takes names, and creates those that do not exist"}
		}
		add(*found)
	}
	for _, name := range names {
		found := findTag(all, name, 0)
		if found == nil {
			if len(all) >= MaxTagsPerUser {
				return nil, &Error{Code: LimitExceeded, Field: "tags", Message: fmt.Sprintf("tag %q does not exist, and you already have %d tags, the most allowed; use an existing one or delete one", name, MaxTagsPerUser)}
			}
			created, err := tx.AddTag(ctx, name)
			if err != nil {
				return nil, err
			}
			all = append(all, created)
			found = &created
		}
		add(*found)
	}
	if len(tags) > MaxTagsPerTask {
		return nil, &Error{Code: LimitExceeded, Field: "tags", Message: fmt.Sprintf("%d tags were given; a task can have at most %d", len(tags), MaxTagsPerTask)}
	}
	slices.SortFunc(tags, func(a, b Tag) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return tags, nil
}

// findCategoryByAny finds a category by its name or, failing that, by its id.
func findCategoryByAny(all []Category, nameOrID string) (*Category, error) {
	found, err := findCategory(all, nameOrID, 0)
	if err == nil {
		return found, nil
	}
	if id, parseErr := strconv.ParseInt(nameOrID, 10, 64); parseErr == nil && id > 0 {
		return findCategory(all, "", id)
	}
	return nil, err
}

// findTagsByAny finds tags by their names or, failing that, by their ids.
func findTagsByAny(all []Tag, namesOrIDs []string) ([]int64, error) {
	ids := make([]int64, 0, len(namesOrIDs))
	for _, given := range namesOrIDs {
		given = strings.TrimSpace(given)
		found := findTag(all, given, 0)
		if id, err := strconv.ParseInt(given, 10, 64); found == nil && err == nil && id > 0 {
			found = findTag(all, "", id)
		}
		if found == nil {
			names := make([]string, len(all))
			for i, t := range all {
				names[i] = t.Name
			}
			e := &Error{Code: NotFound, Field: "tags", Message: fmt.Sprintf("there is no tag %q among yours%s", clip(given), listNames(names))}
			if near := Nearest(given, names); near != "" {
				e.Hint = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, e
		}
		if !slices.Contains(ids, found.ID) {
			ids = append(ids, found.ID)
		}
	}
	return ids, nil
}

func checkTagNames(names []string) ([]string, error) {
	if len(names) > MaxTagsPerTask {
		return nil, &Error{Code: LimitExceeded, Field: "tags", Message: fmt.Sprintf("%d tags were given; a task can have at most %d", len(names), MaxTagsPerTask)}
	}
	checked := make([]string, len(names))
	for i, name := range names {
		name = strings.TrimSpace(name)
		if err := checkText("tags", name, MaxTagName); err != nil {
			return nil, err
		}
		if name == "" {
			return nil, Invalid("tags", "contains an empty name; allowed are 1 to %d characters, for example [\"home\", \"errand\"]", MaxTagName)
		}
		checked[i] = name
	}
	return checked, nil
}

func findTag(all []Tag, name string, id int64) *Tag {
	for i := range all {
		if (id != 0 && all[i].ID == id) || (name != "" && strings.EqualFold(all[i].Name, name)) {
			return &all[i]
		}
	}
	return nil
}

func categoryNames(all []Category) []string {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.Name
	}
	return names
}

func listNames(names []string) string {
	if len(names) == 0 {
		return "; there are none yet"
	}
	const most = 10
	shown := names[:min(len(names), most)]
	suffix := ""
	if len(names) > most {
		suffix = fmt.Sprintf(" and %d more", len(names)-most)
	}
	return "; there are " + strings.Join(shown, ", ") + suffix
}

// clip shortens what a caller gave before it is quoted back.
func clip(s string) string {
	r := []rune(s)
	if len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
