package web

import (
	"fmt"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/person"
)

func (s *server) renameCategory(c *gin.Context, _ person.Settings) error {
	n, err := idOf(c)
	if err != nil {
		return err
	}
	renamed, err := call[operation.CategoryAnswer](c.Request.Context(), s.Operations, "update_category", arguments{"category_id": n, "name": Posted(c).Get("name")})
	if err != nil {
		return err
	}
	s.Pages.Say(c, "/category/"+id(n), Said{Text: "Renamed to " + quoted(renamed.Category.Name), Call: callOf(c)})
	return nil
}

func (s *server) deleteCategory(c *gin.Context, _ person.Settings) error {
	n, err := idOf(c)
	if err != nil {
		return err
	}
	gone, err := call[operation.CategoryAnswer](c.Request.Context(), s.Operations, "delete_category", arguments{"category_id": n})
	if err != nil {
		return err
	}
	said := Said{Text: "Deleted the category " + quoted(gone.Category.Name), Call: callOf(c)}
	if gone.TasksUnfiled != nil {
		said.Detail = fmt.Sprintf("%s stay, without a category", plural(*gone.TasksUnfiled, "task"))
	}
	s.Pages.Say(c, "/tasks", said)
	return nil
}

func (s *server) renameTag(c *gin.Context, _ person.Settings) error {
	n, err := idOf(c)
	if err != nil {
		return err
	}
	renamed, err := call[operation.TagAnswer](c.Request.Context(), s.Operations, "update_tag", arguments{"tag_id": n, "name": Posted(c).Get("name")})
	if err != nil {
		return err
	}
	s.Pages.Say(c, "/tag/"+id(n), Said{Text: "Renamed to " + quoted("#"+renamed.Tag.Name), Call: callOf(c)})
	return nil
}

func (s *server) deleteTag(c *gin.Context, _ person.Settings) error {
	n, err := idOf(c)
	if err != nil {
		return err
	}
	gone, err := call[operation.TagAnswer](c.Request.Context(), s.Operations, "delete_tag", arguments{"tag_id": n})
	if err != nil {
		return err
	}
	s.Pages.Say(c, "/tasks", Said{Text: "Deleted the tag " + quoted("#"+gone.Tag.Name), Call: callOf(c)})
	return nil
}
