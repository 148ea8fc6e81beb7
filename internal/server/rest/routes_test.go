package rest

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/service/schedules"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// address fills in a route's path: the world's own names, and a UUID that nothing has.
func (w *world) address(path string) string {
	return strings.NewReplacer(
		"{org}", w.Organization.Slug, "{pipeline}", w.Pipeline.Slug, "{build}", "1", "{cluster}", w.Cluster.ID,
		"{queue}", w.Queue.ID, "{$}", "",
	).Replace(placeholders(path, "0190d1b2-0000-7000-8000-000000000000"))
}

// placeholders fills in whatever names a single thing by its id.
func placeholders(path, id string) string {
	for _, name := range []string{"job", "artifact", "annotation", "agent", "token", "maintainer", "upload", "schedule", "image"} {
		path = strings.ReplaceAll(path, "{"+name+"}", id)
	}
	return path
}

// eachRoute runs a test for every path of every route.
func (w *world) eachRoute(t *testing.T, test func(t *testing.T, r route, path string)) {
	t.Helper()
	for _, r := range routes {
		for _, path := range r.paths() {
			t.Run(r.method+" "+path, func(t *testing.T) { test(t, r, w.address(path)) })
		}
	}
}

func TestRoutesNeedAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.eachRoute(t, func(t *testing.T, r route, path string) {
		for name, credentials := range map[string]string{
			"none": "", "unknown": "Bearer bkua_unknown", "basic": "Basic dXNlcjpwYXNz", "agent": "Token " + w.token,
		} {
			res := w.do(t, r.method, path, "", header("Authorization", credentials))
			if r.public {
				res.want(t, http.StatusOK)
				continue
			}
			if res.StatusCode != http.StatusUnauthorized || (r.method != http.MethodHead && res.message() != authenticationRequired) {
				t.Errorf("%s token: %d %s", name, res.StatusCode, res.body)
			}
		}
	})
}

func TestRoutesNameTheScopeThatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.eachRoute(t, func(t *testing.T, r route, path string) {
		for _, action := range r.actions {
			for _, scope := range access.ScopesOf(action) {
				var others []access.Scope
				for _, s := range access.AllScopes {
					if s != scope && s != access.ScopeInstead(action) {
						others = append(others, s)
					}
				}
				res := w.do(t, r.method, path, `{"garbage": `, as(w.newToken(t, others...)))
				if r.method == http.MethodHead {
					res.want(t, http.StatusForbidden)
					continue
				}
				res.wantError(t, http.StatusForbidden, "Your access token doesn't have the "+string(scope)+" scope")
				if got := res.Header.Get("X-Accepted-OAuth-Scopes"); !strings.Contains(got, string(scope)) {
					t.Errorf("X-Accepted-OAuth-Scopes is %q", got)
				}
			}
		}
	})
}

func TestRoutesOfAnotherOrganizationDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := storetest.NewWorld(t, w.st)
	for _, r := range routes {
		if !strings.Contains(r.path, "{org}") {
			continue
		}
		t.Run(r.method+" "+r.path, func(t *testing.T) {
			path := strings.Replace(r.path, "{org}", other.Organization.Slug, 1)
			path = strings.Replace(path, "{pipeline}", other.Pipeline.Slug, 1)
			res := w.do(t, r.method, w.address(path), "")
			if r.method == http.MethodHead {
				res.want(t, http.StatusNotFound)
				return
			}
			res.wantError(t, http.StatusNotFound, "No organization found")
		})
	}
}

// TestRoutesSurviveGarbage sends, on both engines, what no client should: every answer is the client's error, with a message.
func TestRoutesSurviveGarbage(t *testing.T) {
	t.Parallel()
	bodies := []string{
		``, `{}`, `{"a":`, `[]`, `"text"`, `null`, "\xff\xfe", `{"name":"\u0000"}`,
		`{"name":1,"key":[],"description":{},"commit":7,"branch":null,"env":"A=1","steps":"x","fields":[1],"priority":"high"}`,
		`{"name":"","key":"","repository":"","configuration":":","expires_at":"soon","states":"no","maintainers":7}`,
		`{"name":"x","key":"a b","repository":"x","configuration":"steps: {","body":"` + strings.Repeat("y", 1<<16) + `"}`,
	}
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		newWorldOn(t, st).survivesGarbage(t, bodies)
	})
}

// freshNames makes one of each thing that a path can name and returns what the placeholders stand for.
func (w *world) freshNames(t *testing.T) map[string]string {
	t.Helper()
	cluster := storetest.Cluster(t, w.st, w.Organization)
	queue := storetest.Queue(t, w.st, cluster)
	pipeline := storetest.Pipeline(t, w.st, w.Organization, func(p *store.Pipeline) { p.ClusterID = &cluster.ID })
	b := storetest.Build(t, w.st, pipeline)
	job := storetest.Job(t, w.st, b, storetest.Step(t, w.st, b), func(j *store.Job) { j.QueueID = queue.ID })
	maintainer := store.ClusterMaintainer{ID: store.NewID(), ClusterID: cluster.ID, UserID: w.Member.ID}
	note := store.Annotation{
		ID: store.NewID(), BuildID: b.ID, JobID: job.ID, Scope: store.JobScope, Context: "default", Style: "info", Body: "x", Priority: 3,
	}
	upload := store.PipelineUpload{ID: store.NewID(), BuildID: b.ID, JobID: job.ID, State: store.UploadApplied, CreatedAt: b.CreatedAt}
	storetest.Write(t, w.st, func(tx *sqldb.Tx) error {
		_, noted := store.InsertAnnotation(t.Context(), tx, note)
		_, uploaded := store.InsertUpload(t.Context(), tx, upload)
		return errors.Join(noted, uploaded, store.InsertClusterMaintainers(t.Context(), tx, []store.ClusterMaintainer{maintainer}))
	})
	schedule, err := w.schedules.Create(t.Context(), w.AdminActor(), pipeline.Slug, schedules.Changes{Cronline: patch.To("@daily")})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"org": w.Organization.Slug, "pipeline": pipeline.Slug, "build": "1", "job": job.ID, "cluster": cluster.ID,
		"queue": queue.ID, "token": storetest.ClusterToken(t, w.st, cluster).ID, "agent": storetest.Agent(t, w.st, queue).ID,
		"artifact": w.uploaded(t, job, "a.txt")[0], "maintainer": maintainer.ID, "annotation": note.ID,
		"schedule": schedule.ID, "image": "linux", "upload": upload.ID,
	}
}

// filled returns a path with names in it, except that one of them is another.
func filled(path string, names map[string]string, except, other string) string {
	for name, value := range names {
		if name == except {
			value = other
		}
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return strings.TrimSuffix(path, "{$}")
}

func (w *world) survivesGarbage(t *testing.T, bodies []string) {
	const garbage = "page=x&per_page=-1&state[]=%00&branch=%ff&created_from=now&meta_data[]=1&after=x&creator=me&name=%00"
	w.eachRoute(t, func(t *testing.T, r route, _ string) {
		if r.id == "access_token.revoke" {
			return // it takes no input, and would end the other cases' token
		}
		path := r.paths()[len(r.paths())-1]
		check := func(t *testing.T, address, body string) {
			t.Helper()
			res := w.do(t, r.method, address, body)
			if res.StatusCode >= 500 {
				t.Errorf("%s with %.80q: %d %s", address, body, res.StatusCode, res.body)
			}
			if res.StatusCode >= 400 && r.method != http.MethodHead && res.message() == "" {
				t.Errorf("%s with %.80q: %d without a message: %s", address, body, res.StatusCode, res.body)
			}
		}
		names := w.freshNames(t)
		check(t, filled(path, names, "", "")+"?"+garbage, "")
		for name := range names {
			if !strings.Contains(path, "{"+name+"}") {
				continue
			}
			for _, other := range []string{"not-a-uuid", "%00", "%ff", "..%2f..", "99999999999999999999", "-1"} {
				check(t, filled(path, names, name, other), "")
			}
		}
		for _, body := range bodies {
			check(t, filled(path, names, "", ""), body)
		}
	})
}

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/v2/nothing", "/v1/user", "/v2/organizations/acme/nothing", "/v2/user/%00"} {
		res := w.get(t, path)
		if res.StatusCode != http.StatusNotFound || !strings.HasPrefix(res.message(), "No route matches v") {
			t.Errorf("%s: %d %s", path, res.StatusCode, res.body)
		}
	}
	w.get(t, "/v2/nothing").wantError(t, http.StatusNotFound, "No route matches v2/nothing")

	res := w.do(t, http.MethodPost, "/v2/access-token", "")
	res.wantError(t, http.StatusNotFound, "No route matches v2/access-token")
	if diff := cmp.Diff([]string{"GET", "DELETE"}, res.Header.Values("Allow")); diff != "" {
		t.Errorf("Allow differs (-want +got):\n%s", diff)
	}
}

func TestLongAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.get(t, "builds?branch="+strings.Repeat("a", 30<<10)).want(t, http.StatusOK)
	w.get(t, "builds?branch="+strings.Repeat("a", 32<<10)).
		wantError(t, http.StatusRequestURITooLong, "The address of the request is longer than 32768 bytes: use fewer or shorter filters")
}

func TestPathsInEveryForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/v2/user", "/v2/user/", "//v2/user", "/v2//user", "/v2/user//", "/v2/./user"} {
		w.get(t, path).want(t, http.StatusOK)
	}
}

// TestRolesAreTheServices proves that use cases are asked with whose token it is, and answer before anything changes.
func TestRolesAreTheServices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	member := as(storetest.APIToken(t, w.st, w.Organization, w.Member).ID)
	w.get(t, "clusters/"+w.Cluster.ID, member).want(t, http.StatusOK)
	w.do(t, http.MethodDelete, "clusters/"+w.Cluster.ID, "", member).wantError(t, http.StatusForbidden, "Forbidden")
	w.get(t, "clusters/"+w.Cluster.ID).want(t, http.StatusOK)
}
