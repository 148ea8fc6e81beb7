// Command failed_builds lists the builds of the organization that failed within the last day, newest first.
//
//	go run ./examples/go/failed_builds
package main

import (
	"fmt"
	"log"
	"net/url"

	"github.com/bridle-ci/bridle/examples/go/api"
)

func main() {
	c := api.New()
	query := url.Values{"state": {"failed"}, "created_from": {api.Ago(1)}, "exclude_jobs": {"true"}, "per_page": {"100"}}
	for build, err := range api.EveryPage[api.Build](c, c.Organization+"/builds?"+query.Encode()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s #%d %s %s\n", build.Pipeline.Slug, build.Number, build.Branch, build.WebURL)
	}
}
