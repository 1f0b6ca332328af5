package label

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/input"
)

// ResolveCategory finds a category by name or id; if both are empty there is none.
func ResolveCategory(ctx context.Context, tx Directory, name string, id int64) (*Category, error) {
	if name == "" && id == 0 {
		return nil, nil
	}
	all, err := tx.Categories(ctx, false)
	if err != nil {
		return nil, err
	}
	found, err := findCategory(all, name, id)
	if e := (*fault.Error)(nil); errors.As(err, &e) && e.Code == fault.NotFound && e.Hint == "" {
		e.Hint = "create_category makes one"
	}
	return found, err
}

func findCategory(all []Category, name string, id int64) (*Category, error) {
	if name != "" && id != 0 {
		return nil, fault.Invalid("category", "and category_id were both given; give one of them")
	}
	key := input.NameKey(strings.TrimSpace(name))
	for i := range all {
		if (id != 0 && all[i].ID == id) || (name != "" && input.NameKey(all[i].Name) == key) {
			return &all[i], nil
		}
	}
	if id != 0 {
		e := &fault.Error{Code: fault.NotFound, Field: "category_id", Message: fmt.Sprintf("there is no category %d among yours", id)}
		return nil, e.Quoting(listNames(categoryNames(all)), "")
	}
	return nil, noSuch("category", "category", name, categoryNames(all))
}

// ObtainCategory finds a category by name, and creates it if there is none.
func ObtainCategory(ctx context.Context, tx Directory, name string) (*Category, error) {
	if strings.TrimSpace(name) == "" {
		return nil, nil
	}
	name, err := input.CheckName("category", name, MaxCategoryName, "Work")
	if err != nil {
		return nil, err
	}
	if found, err := ResolveCategory(ctx, tx, name, 0); err == nil {
		return found, nil
	}
	all, err := tx.Categories(ctx, true)
	if err != nil {
		return nil, err
	}
	if found, err := findCategory(all, name, 0); err == nil {
		return found, nil
	}
	if err := CheckLookalike("category", "category", name, categoryNames(all)); err != nil {
		return nil, err
	}
	if err := CheckCategoryRoom("category", name, len(all)); err != nil {
		return nil, err
	}
	created, _, err := tx.AddCategory(ctx, Category{Name: name})
	return &created, err
}

// ResolveTags finds tags by name and by id. Unknown names are created, unknown ids
// are an error. The result has no duplicates and is ordered by name.
func ResolveTags(ctx context.Context, tx Directory, names []string, ids []int64) ([]Tag, error) {
	if len(names) == 0 && len(ids) == 0 {
		return nil, nil
	}
	names, err := checkTagNames(names)
	if err != nil {
		return nil, err
	}
	if err := checkTaskTags("tag_ids", len(ids)); err != nil {
		return nil, err
	}
	known, err := ReadTags(ctx, tx)
	if err != nil {
		return nil, err
	}
	var tags []Tag
	add := func(t Tag) {
		if !slices.ContainsFunc(tags, func(o Tag) bool { return o.ID == t.ID }) {
			tags = append(tags, t)
		}
	}
	for _, id := range ids {
		found := findTag(known.all, "", id)
		if found == nil {
			return nil, &fault.Error{Code: fault.NotFound, Field: "tag_ids", Message: fmt.Sprintf("there is no tag %d among yours", id), Hint: "tags takes names, and creates those that do not exist"}
		}
		add(*found)
	}
	for _, name := range names {
		found, err := known.obtain(ctx, "tags", name)
		if err != nil {
			return nil, err
		}
		add(*found)
	}
	if err := checkTaskTags("tags", len(tags)); err != nil {
		return nil, err
	}
	sortTags(tags)
	return tags, nil
}

// KnownTags are the user's tags as seen by one transaction.
type KnownTags struct {
	tx     Directory
	all    []Tag
	locked bool // nobody else can add a tag until the transaction ends
}

// ReadTags reads the user's tags.
func ReadTags(ctx context.Context, tx Directory) (*KnownTags, error) {
	all, err := tx.Tags(ctx, false)
	return &KnownTags{tx: tx, all: all}, err
}

// obtain finds a tag by name, and creates it if there is none.
func (k *KnownTags) obtain(ctx context.Context, field, name string) (*Tag, error) {
	found := findTag(k.all, name, 0)
	if found == nil && !k.locked {
		// The tag must be created, so read again under the lock that keeps the limit
		// exact.
		all, err := k.tx.Tags(ctx, true)
		if err != nil {
			return nil, err
		}
		k.all, k.locked = all, true
		found = findTag(k.all, name, 0)
	}
	if found != nil {
		return found, nil
	}
	if err := CheckLookalike(field, "tag", name, tagNames(k.all)); err != nil {
		return nil, err
	}
	if err := CheckTagRoom(field, name, len(k.all)); err != nil {
		return nil, err
	}
	created, _, err := k.tx.AddTag(ctx, Tag{Name: name})
	if err != nil {
		return nil, err
	}
	k.all = append(k.all, created)
	return &created, nil
}

// With returns the tags of a task and one more, which is created if no tag has the
// name. Adding a tag it already has changes nothing, even at the limit. field names
// the input in errors.
func (k *KnownTags) With(ctx context.Context, tags []Tag, field string, in TagInput) ([]Tag, error) {
	if findTag(tags, in.Tag, in.TagID) != nil {
		return tags, nil
	}
	if in.TagID != 0 {
		field = "tag_id"
	}
	if err := checkTaskTags(field, len(tags)+1); err != nil {
		return nil, err
	}
	var tag *Tag
	var err error
	if in.TagID != 0 {
		tag, err = existingTag(k.all, "tag", in)
	} else {
		tag, err = k.obtain(ctx, field, in.Tag)
	}
	if err != nil {
		return nil, err
	}
	tags = append(slices.Clone(tags), *tag)
	sortTags(tags)
	return tags, nil
}

// Without returns the tags of a task except one. That tag must exist, but need not
// be on the task.
func (k *KnownTags) Without(tags []Tag, field string, in TagInput) ([]Tag, error) {
	found := findTag(tags, in.Tag, in.TagID)
	if found == nil {
		_, err := existingTag(k.all, field, in)
		return tags, err
	}
	return slices.DeleteFunc(slices.Clone(tags), func(o Tag) bool { return o.ID == found.ID }), nil
}

func sortTags(tags []Tag) {
	slices.SortFunc(tags, func(a, b Tag) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
}

// FindCategoryByAny finds a category by its name or, failing that, by its id.
func FindCategoryByAny(all []Category, nameOrID string) (*Category, error) {
	found, err := findCategory(all, nameOrID, 0)
	if err == nil {
		return found, nil
	}
	if id, parseErr := strconv.ParseInt(nameOrID, 10, 64); parseErr == nil && id > 0 {
		return findCategory(all, "", id)
	}
	return nil, err
}

// FindCategoriesByAny finds categories by their names or, failing that, by their ids.
func FindCategoriesByAny(all []Category, namesOrIDs []string) ([]int64, error) {
	ids := make([]int64, 0, len(namesOrIDs))
	for _, given := range namesOrIDs {
		found, err := FindCategoryByAny(all, given)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, found.ID) {
			ids = append(ids, found.ID)
		}
	}
	return ids, nil
}

// FindTagsByAny finds tags by their names or, failing that, by their ids.
func FindTagsByAny(all []Tag, namesOrIDs []string) ([]int64, error) {
	ids := make([]int64, 0, len(namesOrIDs))
	for _, given := range namesOrIDs {
		given = strings.TrimSpace(given)
		found := findTag(all, given, 0)
		if id, err := strconv.ParseInt(given, 10, 64); found == nil && err == nil && id > 0 {
			found = findTag(all, "", id)
		}
		if found == nil {
			return nil, noSuch("tags", "tag", given, tagNames(all))
		}
		if !slices.Contains(ids, found.ID) {
			ids = append(ids, found.ID)
		}
	}
	return ids, nil
}

func findTag(all []Tag, name string, id int64) *Tag {
	key := input.NameKey(name)
	for i := range all {
		if (id != 0 && all[i].ID == id) || (name != "" && input.NameKey(all[i].Name) == key) {
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

func tagNames(all []Tag) []string {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.Name
	}
	return names
}

// noSuch is the error for an unknown name. It lists some existing ones, with the
// closest as a hint.
func noSuch(field, kind, name string, names []string) *fault.Error {
	hint := ""
	if near := fault.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	e := &fault.Error{Code: fault.NotFound, Field: field, Message: fmt.Sprintf("there is no %s %q among yours", kind, fault.Clip(name))}
	return e.Quoting(listNames(names), hint)
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
