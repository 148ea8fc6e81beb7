package build

import (
	"time"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// insertion places a plan's steps into a build. plan works everything out and may refuse; commit changes the build.
type insertion struct {
	r           *run
	doc         pipeline.Plan
	scheduledAt time.Time
	// uploader is nil for the stored configuration.
	uploader *Step

	steps []*placed // in build order, groups before their children
	byID  map[string]*placed
	byKey map[string]*placed
	// uploaders are the step that uploads and those that uploaded it.
	uploaders map[string]bool
	// bound are edges of the build that waited for a key among the new steps.
	bound []*Edge
	// limited are the new steps that name a member of a concurrency group; ahead remembers leadsAhead.
	limited []*connector
	ahead   map[nodeID]bool
	// members are the build's own steps of the concurrency groups asked for.
	members map[string][]*Step
	// scopes are the build's own steps of the scopes asked for, parts the same by what they are a part of.
	scopes map[string][]*Step
	parts  map[string][]*Step
}

// placed is one new step with what belongs to it.
type placed struct {
	step  *Step
	doc   *pipeline.Step
	group *placed // nil unless the group is new, too
	jobs  []*Job
	// edges are the step's dependencies.
	edges []*Edge
	// children of a new group.
	children []*placed
}

func newInsertion(r *run, doc pipeline.Plan, scheduledAt time.Time) *insertion {
	return &insertion{
		r: r, doc: doc, scheduledAt: scheduledAt,
		byID: map[string]*placed{}, byKey: map[string]*placed{}, uploaders: map[string]bool{},
		scopes: map[string][]*Step{}, parts: map[string][]*Step{}, members: map[string][]*Step{}, ahead: map[nodeID]bool{},
	}
}

func (ins *insertion) plan() error {
	limit := ins.r.Limits.orDefault().JobsPerBuild
	if ins.r.Build.JobsCreated+ins.doc.JobCount() > limit {
		return refuse(Invalid, "The number of jobs in this build exceeds your organization limit of %d", limit)
	}
	if err := ins.findUploaders(); err != nil {
		return err
	}
	if err := ins.place(); err != nil {
		return err
	}
	if err := ins.connect(); err != nil {
		return err
	}
	if err := ins.bindKeys(); err != nil {
		return err
	}
	return ins.refuseCycles()
}

func (ins *insertion) findUploaders() error {
	for s := ins.uploader; s != nil; {
		ins.uploaders[s.ID] = true
		if s.UploadedBy == "" {
			return nil
		}
		next, err := ins.r.step(s.UploadedBy)
		if err != nil {
			return err
		}
		s = next
	}
	return nil
}

// place makes the steps and their jobs.
func (ins *insertion) place() error {
	for i := range ins.doc.Steps {
		path, group := topPath(i), ""
		if ins.uploader != nil {
			path = uploadPath(ins.uploader.Path, ins.r.Build.Uploads, i)
			group = ins.uploader.GroupID
		}
		doc := &ins.doc.Steps[i]
		if doc.Kind == pipeline.KindGroup { // groups do not nest: one uploaded from within a group stands beside it
			group = ""
		}
		p, err := ins.placeOne(doc, path, group)
		if err != nil {
			return err
		}
		for c := range doc.Steps {
			child, err := ins.placeOne(&doc.Steps[c], childPath(path, c), p.step.ID)
			if err != nil {
				return err
			}
			child.group = p
			p.children = append(p.children, child)
			p.step.HeldParts += partOf(child.step).held
		}
	}
	return nil
}

func (ins *insertion) placeOne(doc *pipeline.Step, path, groupID string) (*placed, error) {
	s := &Step{
		ID: ins.r.NewID(), BuildID: ins.r.Build.ID, Kind: doc.Kind, Key: doc.Key, Label: doc.Label,
		Path: path, GroupID: groupID, State: StepWaiting, Outcome: Neutral,
		Settings: settingsOf(doc), CreatedAt: ins.r.Now,
	}
	if ins.uploader != nil {
		s.UploadedBy = ins.uploader.ID
	}
	if doc.Kind == pipeline.KindGroup {
		s.OpenParts = len(doc.Steps)
	}
	p := &placed{step: s, doc: doc}
	if err := ins.takeKey(p); err != nil {
		return nil, err
	}
	if err := ins.makeJobs(p); err != nil {
		return nil, err
	}
	ins.steps = append(ins.steps, p)
	ins.byID[s.ID] = p
	return p, nil
}

func (ins *insertion) takeKey(p *placed) error {
	key := p.step.Key
	if key == "" {
		return nil
	}
	used := ins.byKey[key] != nil
	if ins.uploader != nil && !used {
		s, err := ins.r.stepByKey(key)
		if err != nil {
			return err
		}
		used = s != nil
	}
	if used {
		return refuse(Invalid, "The key %q has already been used by another step in this build", key)
	}
	ins.byKey[key] = p
	return nil
}

func settingsOf(doc *pipeline.Step) Settings {
	s := Settings{
		If: doc.If, ExplicitDependsOn: doc.DependsOn.Explicit, AllowDependencyFailure: doc.AllowDependencyFailure,
		Manual: doc.Manual, Notify: doc.Notify, Raw: doc.Raw,
	}
	for _, d := range doc.DependsOn.On {
		s.DependsOn = append(s.DependsOn, Dependency(d))
	}
	if c := doc.Command; c != nil {
		s.Concurrency = c.Concurrency
		s.Retry, s.CancelOnBuildFailing, s.ArtifactPaths = c.Retry, c.CancelOnBuildFailing, c.ArtifactPaths
		s.TimeoutMinutes = c.TimeoutMinutes
	}
	if doc.Wait != nil {
		s.ContinueOnFailure = doc.Wait.ContinueOnFailure
	}
	if t := doc.Trigger; t != nil {
		s.Trigger = &TriggerSettings{Pipeline: t.Pipeline, Async: t.Async, Build: t.Build}
	}
	return s
}

// bindKeys finds the edges that the new keys make whole.
func (ins *insertion) bindKeys() error {
	if ins.uploader == nil {
		return nil
	}
	for _, p := range ins.steps {
		if p.step.Key == "" {
			continue
		}
		edges, err := ins.r.Source.EdgesByKey(p.step.Key)
		if err != nil {
			return err
		}
		for _, e := range edges {
			if !ins.r.removed[e.To] {
				ins.bound = append(ins.bound, e)
			}
		}
	}
	return nil
}

// commit puts the planned parts into the build and sets them going.
func (ins *insertion) commit() error {
	r := ins.r
	for _, p := range ins.steps {
		r.addStep(p.step)
	}
	for _, p := range ins.steps {
		if err := ins.commitJobs(p); err != nil {
			return err
		}
		for _, e := range p.edges {
			e.State = EdgeOpen
			r.addEdge(e)
			p.step.countEdge(EdgeOpen, 1)
			if err := ins.settleEdge(e); err != nil {
				return err
			}
		}
		if ins.uploader != nil && p.step.wholeOf() == ins.uploader.ID {
			r.touchStep(ins.uploader)
			told := r.marks[p.step.ID].part
			ins.uploader.OpenParts += told.open
			ins.uploader.HeldParts += told.held
			r.enqueue(ins.uploader)
		}
		r.enqueue(p.step)
	}
	for _, e := range append(ins.bound, r.touched.edges...) { // a replacing upload has just freed the touched ones
		if err := ins.bind(e); err != nil {
			return err
		}
	}
	return nil
}

func (ins *insertion) commitJobs(p *placed) error {
	for _, j := range p.jobs {
		ins.r.addJob(j, p.step)
		to := JobWaiting
		if p.step.State == StepIgnored {
			to = JobBroken
		}
		if err := ins.r.setJob(j, p.step, to, nil); err != nil {
			return err
		}
	}
	return nil
}

// settleEdge counts what is already known of a new edge's dependency.
func (ins *insertion) settleEdge(e *Edge) error {
	if e.From == "" {
		return ins.r.setEdge(e, EdgeHeld)
	}
	from, err := ins.r.step(e.From)
	if err != nil {
		return err
	}
	return ins.r.refresh(e, from)
}

// bind gives an edge that waits for a key among the new steps its step.
func (ins *insertion) bind(e *Edge) error {
	p := ins.byKey[e.Key]
	if e.From != "" || p == nil {
		return nil
	}
	to, err := ins.r.step(e.To)
	if err != nil {
		return err
	}
	e.From, e.Forward = p.step.ID, p.step.Path > to.Path
	ins.r.touchEdge(e)
	ins.r.made.from[e.From] = append(ins.r.made.from[e.From], e)
	return ins.r.refresh(e, p.step)
}
