package scenario

import "fmt"

// Settler is a Driver that has to be told when what follows from an event outside of its build is to happen: jobs of a
// concurrency group get the slots that have become free.
type Settler interface{ Settle() error }

// Another is a Driver that can have more builds beside its own.
type Another interface {
	// Another returns the driver of a build beside those there are, in the same organization.
	Another(name string) (Driver, error)
}

// cast is the builds of a scenario by name. The name of the first one is empty.
type cast struct {
	first   Driver
	drivers map[string]Driver
}

// driver returns that of the build which an event is about.
func (c *cast) driver(step Step) (Driver, error) {
	d := c.drivers[step.Build]
	switch {
	case d != nil && step.Create != nil:
		return nil, fmt.Errorf("the build has been created")
	case d != nil:
		return d, nil
	case step.Create == nil:
		return nil, fmt.Errorf("there is no build %s", step.Build)
	case step.Build == "":
		d = c.first
	default:
		first, ok := c.first.(Another)
		if !ok {
			return nil, fmt.Errorf("%T has a single build", c.first)
		}
		var err error
		if d, err = first.Another(step.Build); err != nil {
			return nil, err
		}
	}
	c.drivers[step.Build] = d
	return d, nil
}

func (c *cast) states() (map[string]States, error) {
	all := map[string]States{}
	for name, d := range c.drivers {
		s, err := d.States()
		if err != nil {
			return nil, err
		}
		all[name] = s
	}
	return all, nil
}
