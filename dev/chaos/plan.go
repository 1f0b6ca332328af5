package chaos

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Disturbance is one thing that can be done to a system.
type Disturbance struct {
	Name    string
	Targets []string
	// Least and Most are how long it lasts; both 0 for something that happens at once.
	Least, Most time.Duration
	// Brief ones happen at any time, also during the others, which come one after
	// the other, each as often.
	Brief bool
	// Do disturbs for a time, and returns when that is over and undone. What it could
	// not do at that moment, such as killing what does not run, it returns as an error.
	Do func(target string, lasts time.Duration) error
}

// Step is a disturbance at its time, counted from the beginning of a run.
type Step struct {
	At, Lasts time.Duration
	Target    string
	Disturbance
}

// Plan lays down what is done when. It follows from the seed alone.
func Plan(seed uint64, length time.Duration, all []Disturbance) []Step {
	var steps []Step
	add := func(random *rand.Rand, d Disturbance, at time.Duration) time.Duration {
		lasts := d.Least
		if more := d.Most - d.Least; more > 0 && length > 5*time.Minute { // a short run wants to get through all of them
			lasts += time.Duration(random.Int64N(int64(more)))
		}
		if at+lasts > length {
			return length
		}
		steps = append(steps, Step{at, lasts, d.Targets[random.IntN(len(d.Targets))], d})
		return at + lasts
	}
	var brief, long []Disturbance
	for _, d := range all {
		if d.Brief {
			brief = append(brief, d)
		} else {
			long = append(long, d)
		}
	}
	random := rand.New(rand.NewPCG(seed, 1))
	for at := 3 * time.Second; at < length && len(brief) > 0; at += time.Second + time.Duration(random.Int64N(int64(5*time.Second))) {
		add(random, brief[random.IntN(len(brief))], at)
	}
	random = rand.New(rand.NewPCG(seed, 2))
	for at := 4 * time.Second; at < length && len(long) > 0; {
		random.Shuffle(len(long), func(i, j int) { long[i], long[j] = long[j], long[i] })
		for _, d := range long {
			at = add(random, d, at) + 2*time.Second + time.Duration(random.Int64N(int64(3*time.Second)))
		}
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return int(a.At - b.At) })
	return steps
}
