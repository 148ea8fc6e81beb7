package build_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/build/buildtest"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	const doc = `[{key: up, command: up}, {key: b, command: b}, {block: ask, key: ask, depends_on: b}, {key: t, trigger: x, depends_on: b}]`
	limits := build.Limits{JobsPerBuild: 6, JobsPerUpload: 2, UploadsPerBuild: 1}
	tests := map[string]struct {
		event func(*testing.T, *buildtest.World) build.Event
		code  build.Code
		text  string
	}{
		"CreatedTwice": {
			event: func(t *testing.T, _ *buildtest.World) build.Event { return build.Created{Plan: compile(t, "[]")} },
			code:  build.Conflict, text: "The build has already been created",
		},
		"UploadTooLarge": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.Uploaded{JobID: start(t, w, "up").ID, Plan: compile(t, "[command: x, command: y, command: z]")}
			},
			code: build.Invalid, text: "The number of jobs in this upload exceeds your organization limit of 2",
		},
		"BuildTooLarge": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				j := start(t, w, "up")
				finish(t, w, "b", 1)
				apply(t, w, build.Retried{JobID: job(t, w, "b").ID})
				return build.Uploaded{JobID: j.ID, Plan: compile(t, "[command: x, command: y]")}
			},
			code: build.Invalid, text: "The number of jobs in this build exceeds your organization limit of 6",
		},
		"TooManyUploads": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				up := build.Uploaded{JobID: start(t, w, "up").ID, Plan: compile(t, "[command: x]")}
				apply(t, w, up)
				return up
			},
			code: build.Invalid, text: "The number of uploads in this build exceeds your organization limit of 1",
		},
		"UploadOfScheduledJob": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.Uploaded{JobID: job(t, w, "up").ID, Plan: compile(t, "[command: x]")}
			},
			code: build.Conflict, text: "Only a running job can upload steps: this one is scheduled",
		},
		"RetryBeyondLimit": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				for range 2 {
					finish(t, w, "b", 1)
					apply(t, w, build.Retried{JobID: job(t, w, "b").ID})
				}
				finish(t, w, "b", 1)
				return build.Retried{JobID: job(t, w, "b").ID}
			},
			code: build.Invalid, text: "The number of jobs in this build exceeds your organization limit of 6",
		},
		"RetriedOnce": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				finish(t, w, "b", 1)
				again := build.Retried{JobID: job(t, w, "b").ID}
				apply(t, w, again)
				return again
			},
			code: build.RetriedOnce, text: "Jobs can only be retried once",
		},
		"RetryOfSkippedBuild": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				apply(t, w, build.SkippedBuild{})
				return build.Retried{JobID: job(t, w, "b").ID}
			},
			code: build.NotRetryable, text: "Only failed, timed out or canceled jobs can be retried",
		},
		"FinishedOtherwise": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				finish(t, w, "b", 1)
				return build.Finished{JobID: job(t, w, "b").ID, ExitStatus: 2}
			},
			code: build.Conflict, text: "The job cannot be finished: it is finished",
		},
		"FinishedWaiting": {
			event: func(t *testing.T, w *buildtest.World) build.Event { return build.Finished{JobID: job(t, w, "ask").ID} },
			code:  build.Conflict, text: "The job cannot be finished: it is waiting",
		},
		"StartedBeforeAccept": {
			event: func(t *testing.T, w *buildtest.World) build.Event { return build.Started{JobID: job(t, w, "b").ID} },
			code:  build.Conflict, text: "The job cannot be started: it is scheduled",
		},
		"AcceptedUnassigned": {
			event: func(t *testing.T, w *buildtest.World) build.Event { return build.Accepted{JobID: job(t, w, "b").ID} },
			code:  build.Conflict, text: "The job cannot be accepted: it is scheduled",
		},
		"ReturnedRunning": {
			event: func(t *testing.T, w *buildtest.World) build.Event { return build.Returned{JobID: start(t, w, "b").ID} },
			code:  build.Conflict, text: "The job cannot go back to its queue: it is running",
		},
		"LostWithoutAgent": {
			event: func(t *testing.T, w *buildtest.World) build.Event { return build.AgentLost{JobID: job(t, w, "b").ID} },
			code:  build.Conflict, text: "The job is on no agent: it is scheduled",
		},
		"TimedOutScheduled": {
			event: func(t *testing.T, w *buildtest.World) build.Event { return build.TimedOut{JobID: job(t, w, "b").ID} },
			code:  build.Conflict, text: "The job cannot time out: it is scheduled",
		},
		"PromisedScheduled": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.Promised{JobID: job(t, w, "b").ID, ExitStatus: 1}
			},
			code: build.Conflict, text: "Only a running job can promise to fail",
		},
		"CanceledEnded": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				finish(t, w, "b", 0)
				return build.CanceledJob{JobID: job(t, w, "b").ID}
			},
			code: build.Conflict, text: "The job has already ended",
		},
		"CanceledBlock": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.CanceledJob{JobID: job(t, w, "ask").ID}
			},
			code: build.Invalid, text: "This job type cannot be canceled",
		},
		"UnblockedByTwo": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				finish(t, w, "b", 0)
				apply(t, w, build.Unblocked{JobID: job(t, w, "ask").ID, UserID: "one"})
				return build.Unblocked{JobID: job(t, w, "ask").ID, UserID: "two"}
			},
			code: build.Conflict, text: "The job has already been unblocked",
		},
		"ChildOfCommand": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.ChildCreated{JobID: job(t, w, "b").ID, BuildID: "child"}
			},
			code: build.Invalid, text: "The job is not a trigger job",
		},
		"ChildTooEarly": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.ChildCreated{JobID: job(t, w, "t").ID, BuildID: "child"}
			},
			code: build.Conflict, text: "The trigger job waits for no build: it is waiting",
		},
		"ChildRefusedTooEarly": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.ChildRefused{JobID: job(t, w, "t").ID, Reason: "no"}
			},
			code: build.Conflict, text: "The trigger job waits for no build: it is waiting",
		},
		"ChildChangedUnknown": {
			event: func(t *testing.T, w *buildtest.World) build.Event {
				return build.ChildChanged{JobID: job(t, w, "t").ID, State: build.Passed}
			},
			code: build.Conflict, text: "The trigger job has no build yet",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := created(t, doc)
			w.Limits = limits
			ev := tt.event(t, w)
			before := picture(w)
			_, err := w.Apply(ev)
			var refusal *build.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("not refused: %v", err)
			}
			if refusal.Code != tt.code || refusal.Error() != tt.text {
				t.Errorf("refused with %s %q", refusal.Code, refusal.Message)
			}
			if diff := cmp.Diff(before, picture(w)); diff != "" {
				t.Errorf("the refusal changed:\n%s", diff)
			}
		})
	}
}

func TestUnknownParts(t *testing.T) {
	t.Parallel()
	w := created(t, "[command: a]")
	for _, ev := range []build.Event{
		build.Accepted{JobID: "x"},
		build.Started{JobID: "x"},
		build.Returned{JobID: "x"},
		build.Finished{JobID: "x"},
		build.Promised{JobID: "x"},
		build.TimedOut{JobID: "x"},
		build.Expired{JobID: "x"},
		build.AgentLost{JobID: "x"},
		build.CanceledJob{JobID: "x"},
		build.CanceledStep{StepID: "x"},
		build.ForceCanceled{StepID: "x"},
		build.Unblocked{JobID: "x"},
		build.Retried{JobID: "x"},
		build.Uploaded{JobID: "x"},
		build.ChildCreated{JobID: "x"},
		build.ChildChanged{JobID: "x"},
		build.ChildRefused{JobID: "x"},
		nil,
	} {
		_, err := w.Apply(ev)
		var refusal *build.Refusal
		if err == nil || errors.As(err, &refusal) || !strings.Contains(err.Error(), "build build") {
			t.Errorf("%T: %v", ev, err)
		}
	}
}
