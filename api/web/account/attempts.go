package account

import (
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/internal/access"
	"tickler/internal/person"
)

// comesFrom says what a connection is, and where it comes from: who vouches for its
// client, and where its person was sent back to.
func comesFrom(t access.Token) string {
	by := "a program that nobody vouches for"
	if u, err := url.Parse(t.ClientID); err == nil && u.Host != "" {
		by = "vouched for by " + u.Host
	}
	if t.LeadsTo != "" && !strings.HasSuffix(by, " "+t.LeadsTo) {
		by += ", led back to " + t.LeadsTo
	}
	return by
}

// attempt is one attempt to connect a client, as the page shows it.
type attempt struct {
	Client, When string
	How          string // how far it came
	Problem      string // what was wrong, as the client was told
	Do           string // what the person can do
	Good         bool
}

func (s *server) attempts(c *gin.Context, user person.Settings) ([]attempt, error) {
	kept, err := s.Store.Attempts(c.Request.Context(), user.UserID)
	if err != nil {
		return nil, err
	}
	var all []attempt
	for _, a := range kept {
		one := attempt{Client: a.Client, When: s.moment(&a.At, user), Problem: a.Problem}
		one.How, one.Do = inWords(a.Step)
		one.Good = a.Step == access.StepConnected
		all = append(all, one)
	}
	return all, nil
}

// inWords says how far an attempt came and what can be done.
func inWords(step access.Step) (how, do string) {
	switch step {
	case access.StepRequest:
		return "stopped before you were asked: what it sent was not as it should be", "Update it, remove the connection there, and add it again with the address above."
	case access.StepConsent:
		return "you were asked, and did not answer", "Connect it again from the program, and press Connect."
	case access.StepDeclined:
		return "you declined", ""
	case access.StepCode:
		return "you agreed, but it has not fetched its token", "If it waits still, it may not reach this address: it must be open to where the program runs, over https."
	case access.StepToken:
		return "you agreed, but it was refused its token", "Connect it again. If that happens twice, it is a fault of the program: tell its makers what stands here."
	case access.StepConnected:
		return "connected", ""
	}
	return string(step), ""
}
