package scenario

var (
	_ Settler = (*Server)(nil)
	_ Another = (*Server)(nil)
)

// Another implements the interface of that name: the other build is of another pipeline of the same organization.
func (d *Server) Another(name string) (Driver, error) {
	return &Server{stage: d.stage, name: d.name + " " + name, timeoutMinutes: d.timeoutMinutes, keys: map[string]bool{}}, nil
}

// Settle implements Settler: slots of concurrency groups are given out by a background task.
func (d *Server) Settle() error { return d.drain(d.ctx) }
