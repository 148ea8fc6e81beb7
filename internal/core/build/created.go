package build

// created puts the stored configuration's steps into a new build.
func (r *run) created(ev Created) error {
	if r.Build.State != Creating {
		return refuse(Conflict, "The build has already been created")
	}
	scheduledAt := r.Build.CreatedAt
	if scheduledAt.IsZero() {
		scheduledAt = r.Now
	}
	ins := newInsertion(r, ev.Plan, scheduledAt)
	if err := ins.plan(); err != nil {
		return err
	}
	r.Build.PipelineEnv = ev.Plan.Env
	return ins.commit()
}

// mergeEnv adds an upload's top-level env to that of earlier ones; a later document wins. It reaches every job that has
// not started, since a job's environment is put together when an agent accepts it.
func (r *run) mergeEnv(env map[string]string) {
	if len(env) == 0 {
		return
	}
	merged := make(map[string]string, len(r.Build.UploadEnv)+len(env))
	for k, v := range r.Build.UploadEnv {
		merged[k] = v
	}
	for k, v := range env {
		merged[k] = v
	}
	r.Build.UploadEnv = merged
}
