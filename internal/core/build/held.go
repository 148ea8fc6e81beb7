package build

// Held reports whether the step's jobs wait behind what may never come, or for as long as a person likes (EdgeHeld).
func (s *Step) Held() bool { return !s.Released && s.HeldEdges > 0 }

// ownHolds reports whether what depends on the step's own jobs is held.
func (s *Step) ownHolds() bool { return s.Held() || s.Settings.Manual != nil && !s.OwnSettled }

// holds is ownHolds for what depends on all parts of the step as well.
func (s *Step) holds() bool { return s.ownHolds() || s.HeldParts > 0 }
