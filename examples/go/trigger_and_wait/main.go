// Command trigger_and_wait makes a build of another pipeline, waits until it is finished, and ends as it ended. In a step
// of a pipeline it runs a downstream build and takes over its result.
//
//	go run ./examples/go/trigger_and_wait downstream-pipeline [branch]
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/bridle-ci/bridle/examples/go/api"
)

var finished = []string{"passed", "failed", "blocked", "canceled", "skipped", "not_run"}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("name a pipeline by its slug")
	}
	pipeline, branch := os.Args[1], "main"
	if len(os.Args) > 2 {
		branch = os.Args[2]
	}
	c := api.New()
	builds := c.Organization + "/pipelines/" + pipeline + "/builds"
	var build api.Build
	in := map[string]string{"commit": "HEAD", "branch": branch, "message": "Triggered by a script"}
	_, err := c.Do(http.MethodPost, builds, in, &build)
	for err == nil && !slices.Contains(finished, build.State) {
		time.Sleep(time.Second)
		_, err = c.Do(http.MethodGet, fmt.Sprintf("%s/%d?exclude_jobs=true", builds, build.Number), nil, &build)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s #%d %s\n", pipeline, build.Number, build.State)
	if build.State != "passed" {
		os.Exit(1)
	}
}
