package repository

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/task"
)

func place(score float64, id int64) scored { return scored{score: &score, id: &id} }

func TestMatchesAreOrderedByScoreAndThenFromTheNewest(t *testing.T) {
	matches := []scoredTask{{1, 0.5}, {2, 1}, {3, 0.5}, {4, 0.1}}
	require.Equal(t, []scoredTask{{2, 1}, {3, 0.5}, {1, 0.5}, {4, 0.1}}, best(matches, scored{}, 10))
	require.Equal(t, []scoredTask{{2, 1}, {3, 0.5}}, best(matches, scored{}, 2))
	require.Equal(t, []scoredTask{{1, 0.5}, {4, 0.1}}, best(matches, place(0.5, 3), 10), "behind the last of the page before")
	require.Empty(t, best(matches, place(0.1, 4), 10))
	require.Empty(t, best(nil, scored{}, 10))
	require.Len(t, matches, 4, "what is given is left as it was")
}

func TestAPageOfAllMatchesCountsThoseOfOtherPagesToo(t *testing.T) {
	found := ranked([]scoredTask{{1, 0.5}, {2, 1}, {3, 0.5}}, place(1, 2), 1)
	require.Equal(t, []int64{3}, found.ids)
	require.Equal(t, 3, found.total)
	require.Nil(t, found.below[0], "there are no windows")
}

func TestTotalIsEstimatedFromTheNewestWindow(t *testing.T) {
	half := window{tasks: windowTasks, matches: make([]scoredTask, windowTasks/2)}
	require.Equal(t, 5000, estimate(10_000, half, 0))
	require.Equal(t, 7000, estimate(10_000, half, 7000), "so many were seen")
	require.Equal(t, rankedWhole+1, estimate(100, window{tasks: 100}, rankedWhole+1))
}

func TestWindowsAreReadWhereManyMatchAndTheNewestAreAmongThem(t *testing.T) {
	read := func(matches int) window { return window{tasks: windowTasks, matches: make([]scoredTask, matches)} }
	require.True(t, worthWindows(read(denseWindow), rankedWhole+1))
	require.False(t, worthWindows(read(denseWindow-1), 100_000), "a page would take many windows")
	require.False(t, worthWindows(read(windowTasks), rankedWhole), "so few are ranked whole")
}

func term(text string) parsedTerm {
	return parsedTerm{Term: task.Term{Text: text}, query: "'7 " + text + "'"}
}

func TestOnlyWordsThatMayBeMisspeltAreForgiven(t *testing.T) {
	not, phrase, short := term("invoce"), term("red car"), term("car")
	not.Not, phrase.Phrase = true, true
	f := forgive([][]parsedTerm{{term("dentits"), not, phrase, short}, {term("invioce")}})
	require.Equal(t, []string{"dentits", "invioce"}, f.words)
	require.Equal(t, []int{0, -1, -1, -1, 1}, f.wordOf)
	require.Equal(t, [][]int{{0, 1, 2, 3}, {4}}, f.alternatives)
	require.Equal(t, task.ForgivesAll, f.way)
	var many []parsedTerm
	for range forgivenWords + 1 {
		many = append(many, term("invoce"))
	}
	f = forgive([][]parsedTerm{many})
	require.Len(t, f.words, forgivenWords)
	require.Equal(t, task.ForgivesSome, f.way)
}

func TestATaskMeetsAllTermsOfOneAlternative(t *testing.T) {
	f := forgive([][]parsedTerm{{term("invoce"), term("money")}, {term("dentits")}})
	require.True(t, f.met([]bool{false, true, false}, map[int]float64{0: 0.5}), "one nearly, one exactly")
	require.True(t, f.met([]bool{false, false, false}, map[int]float64{2: 0.5}))
	require.False(t, f.met([]bool{false, false, false}, map[int]float64{0: 0.5}))
	require.False(t, forgive([][]parsedTerm{{}}).met(nil, nil), "an alternative without words is none")
	require.InDelta(t, 0.3, f.score(map[int]float64{0: 0.5, 1: 0.4}), 1e-9, "of all words, also those that are not near")
}

func TestAQueryOfWordsThatMustNotBeThereIsBoundToItsUser(t *testing.T) {
	not := term("x")
	not.Not = true
	require.True(t, bound([][]parsedTerm{{term("a"), not}}))
	require.False(t, bound([][]parsedTerm{{term("a")}, {not}}))
	require.True(t, bound([][]parsedTerm{{term("a")}, {}}), "an alternative without words is none")
}
