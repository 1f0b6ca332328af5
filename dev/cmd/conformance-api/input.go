package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// input is something that a tool asks the client for before it can answer.
type input func(*server.InputRequestBuilder) *server.InputRequestBuilder

func question(id, message, field string) input {
	return func(b *server.InputRequestBuilder) *server.InputRequestBuilder {
		return b.Elicit(id, mcp.ElicitationParams{Mode: mcp.ElicitationModeForm, Message: message, RequestedSchema: map[string]any{
			"type": "object", "properties": map[string]any{field: map[string]any{"type": "string"}}, "required": []string{field},
		}})
	}
}

func sample(id, text string) input {
	return func(b *server.InputRequestBuilder) *server.InputRequestBuilder {
		return b.Sample(id, mcp.CreateMessageParams{MaxTokens: 100, Messages: []mcp.SamplingMessage{{Role: mcp.RoleUser, Content: mcp.NewTextContent(text)}}})
	}
}

func roots(id string) input {
	return func(b *server.InputRequestBuilder) *server.InputRequestBuilder { return b.Roots(id) }
}

// askFor makes a tool that asks until it has the answer.
func askFor(id string, ask input) server.ToolHandlerFunc {
	return func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		if !answered(r, id) {
			return ask(server.NewInputRequestBuilder("")).ToolResult(), nil
		}
		text, _ := r.Params.InputResponses[id].MarshalJSON()
		return mcp.NewToolResultText("thank you for " + string(text)), nil
	}
}

func answered(r mcp.CallToolRequest, id string) bool {
	responses := r.Params.InputResponses
	if e := server.ElicitationResponse(responses, id); e != nil && e.Action != "" {
		return true
	}
	if s := server.SamplingResponse(responses, id); s != nil && s.Content != nil {
		return true
	}
	l := server.RootsResponse(responses, id)
	return l != nil && l.Roots != nil
}

// fixtureKey signs the states that clients bring back.
var fixtureKey = rand.Text()

func signed(state string) string {
	mac := hmac.New(sha256.New, []byte(fixtureKey))
	mac.Write([]byte(state))
	return state + "." + hex.EncodeToString(mac.Sum(nil))
}

// inRounds makes a tool that goes through rounds of questions, with a signed
// state from each to the next.
func inRounds(done string, rounds ...[]input) server.ToolHandlerFunc {
	return func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		next := 0
		if given := r.Params.RequestState; given != "" {
			for next = 1; given != signed(fmt.Sprint(next)); next++ {
				if next == len(rounds) {
					return nil, fmt.Errorf("%w: requestState was not made here", mcp.ErrInvalidParams)
				}
			}
		}
		if next == len(rounds) {
			return mcp.NewToolResultText(done), nil
		}
		b := server.NewInputRequestBuilder(signed(fmt.Sprint(next + 1)))
		for _, ask := range rounds[next] {
			b = ask(b)
		}
		return b.ToolResult(), nil
	}
}

func addInputFixtures(s *server.MCPServer) {
	fixture(s, "test_input_required_result_elicitation", askFor("user_name", question("user_name", "What is your name?", "name")))
	fixture(s, "test_input_required_result_sampling", askFor("capital_question", sample("capital_question", "What is the capital of France?")))
	fixture(s, "test_input_required_result_list_roots", askFor("client_roots", roots("client_roots")))
	fixture(s, "test_input_required_result_request_state", inRounds("state-ok", []input{question("confirm", "Please confirm", "ok")}))
	fixture(s, "test_input_required_result_tampered_state", inRounds("state-ok", []input{question("confirm", "Please confirm", "ok")}))
	fixture(s, "test_input_required_result_multiple_inputs", inRounds("all there",
		[]input{question("user_name", "What is your name?", "name"), sample("greeting", "Generate a greeting"), roots("client_roots")}))
	fixture(s, "test_input_required_result_multi_round", inRounds("all there",
		[]input{question("step1", "Step 1: What is your name?", "name")}, []input{question("step2", "Step 2: What is your favorite color?", "color")}))
	fixture(s, "test_input_required_result_capabilities", func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		can := r.Params.Meta.ClientCapabilities()
		b := server.NewInputRequestBuilder("")
		switch {
		case can != nil && can.Sampling != nil:
			b = sample("greeting", "Generate a greeting")(b)
		case can != nil && can.Elicitation != nil:
			b = question("user_name", "What is your name?", "name")(b)
		default:
			return mcp.NewToolResultText("the client has nothing to ask for"), nil
		}
		return b.ToolResult(), nil
	})
}
