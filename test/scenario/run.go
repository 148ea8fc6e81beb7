package scenario

import (
	"errors"
	"fmt"
)

// Run carries a scenario out and returns the first expectation that does not hold.
func Run(sc *Scenario, d Driver) error {
	c := cast{first: d, drivers: map[string]Driver{}}
	before := map[string]States{}
	for _, step := range sc.Steps {
		after, err := c.play(sc, step, before)
		if err != nil {
			return fmt.Errorf("line %d: %s: %w", step.Line, step.Text, err)
		}
		before = after
	}
	return nil
}

// play lets one event happen, judges it and returns how the builds are then.
func (c *cast) play(sc *Scenario, step Step, before map[string]States) (map[string]States, error) {
	d, err := c.driver(step)
	if err != nil {
		return nil, err
	}
	created := step.Create != nil
	if created {
		err = d.Create(*step.Create)
	} else {
		err = d.Event(step.Event)
	}
	if settler, ok := d.(Settler); ok && sc.Limited {
		if err := settler.Settle(); err != nil {
			return nil, err
		}
	}
	after, stateErr := c.states()
	if stateErr != nil {
		return nil, stateErr
	}
	if created {
		before[step.Build] = after[step.Build] // there was nothing to compare with
	}
	return after, step.judge(err, before, after)
}

func (step Step) judge(err error, before, after map[string]States) error {
	var refused *Refused
	untold := errors.Is(err, ErrUntold)
	if err != nil && !untold && !errors.As(err, &refused) {
		return err
	}
	for _, e := range step.Expect {
		switch {
		case untold: // a refusal shows in that nothing changes
		case e.Refused == "" && refused != nil:
			return refused
		case e.Refused != "" && refused == nil:
			return fmt.Errorf("was not refused")
		case e.Refused != "" && refused.Message != e.Refused:
			return fmt.Errorf("was refused with %q", refused.Message)
		}
		if err := e.hold(before, after); err != nil {
			return fmt.Errorf("%s: %w", e.Text, err)
		}
	}
	return nil
}

// hold compares what is expected with the build it speaks of, or with all of them.
func (e Expectation) hold(before, after map[string]States) error {
	if e.same {
		return sameStates(before, after)
	}
	if _, known := after[e.Build]; !known {
		return fmt.Errorf("there is no build %s", e.Build)
	}
	return e.check(after[e.Build])
}
