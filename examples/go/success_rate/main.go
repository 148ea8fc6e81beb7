// Command success_rate prints how many of a pipeline's finished builds of the last 30 days passed.
//
//	go run ./examples/go/success_rate my-pipeline
package main

import (
	"fmt"
	"log"
	"net/url"
	"os"

	"github.com/bridle-ci/bridle/examples/go/api"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("name a pipeline by its slug")
	}
	c := api.New()
	query := url.Values{
		"state[]": {"passed", "failed"}, "created_from": {api.Ago(30)}, "exclude_jobs": {"true"},
		"exclude_pipeline": {"true"}, "per_page": {"100"},
	}
	passed, all := 0, 0
	for build, err := range api.EveryPage[api.Build](c, c.Organization+"/pipelines/"+os.Args[1]+"/builds?"+query.Encode()) {
		if err != nil {
			log.Fatal(err)
		}
		all++
		if build.State == "passed" {
			passed++
		}
	}
	if all == 0 {
		fmt.Println("no builds")
		return
	}
	fmt.Printf("%d of %d builds passed (%d %%)\n", passed, all, 100*passed/all)
}
