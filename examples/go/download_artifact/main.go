// Command download_artifact prints a file that a build uploaded.
//
//	go run ./examples/go/download_artifact my-pipeline 42 dist/report.txt >report.txt
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/bridle-ci/bridle/examples/go/api"
)

type artifact struct {
	Path        string `json:"path"`
	State       string `json:"state"`
	DownloadURL string `json:"download_url"`
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("give a pipeline's slug, a build's number and an artifact's path")
	}
	if err := download(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func download(pipeline, build, path string) error {
	c := api.New()
	var found *artifact
	list := c.Organization + "/pipelines/" + pipeline + "/builds/" + build + "/artifacts?per_page=100"
	for a, err := range api.EveryPage[artifact](c, list) {
		if err != nil {
			return err
		}
		if a.Path == path && a.State == "finished" {
			found = &a
		}
	}
	if found == nil {
		return fmt.Errorf("build %s has no artifact %s", build, path)
	}
	// The answer is a redirect to an address that is signed and good for a minute; the token is not for whoever serves it.
	var redirect struct {
		URL string `json:"url"`
	}
	if _, err := c.Do(http.MethodGet, found.DownloadURL, nil, &redirect); err != nil {
		return err
	}
	answer, err := http.Get(redirect.URL)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the download answered %s", answer.Status)
	}
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}
