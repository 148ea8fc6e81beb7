package scenario

import (
	"errors"
	"fmt"
)

// Run carries a scenario out and returns the first expectation that does not hold.
func Run(sc *Scenario, d Driver) error {
	var before States
	for _, step := range sc.Steps {
		var err error
		created := step.Create != nil
		if created {
			err = d.Create(*step.Create)
		} else {
			err = d.Event(step.Event)
		}
		after, stateErr := d.States()
		if stateErr != nil {
			return fmt.Errorf("line %d: %s: %w", step.Line, step.Text, stateErr)
		}
		if created {
			before = after // there was nothing to compare with
		}
		if err := step.judge(err, before, after); err != nil {
			return fmt.Errorf("line %d: %s: %w", step.Line, step.Text, err)
		}
		before = after
	}
	return nil
}

func (step Step) judge(err error, before, after States) error {
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
		if err := e.check(before, after); err != nil {
			return fmt.Errorf("%s: %w", e.Text, err)
		}
	}
	return nil
}
