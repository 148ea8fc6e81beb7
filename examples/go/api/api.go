// Package api is what the other examples import: requests, lists and the rate limit, with nothing but the standard
// library. A program of more than a page is better off with github.com/buildkite/go-buildkite, which works as well.
package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Client calls the API of one organization.
type Client struct {
	URL   string
	Token string
	// Organization is the path that most others begin with.
	Organization string
	http         http.Client
}

// New returns a client for what the environment names, else for a server that bridle server --dev started.
func New() *Client {
	c := &Client{
		URL:          cmp.Or(os.Getenv("BRIDLE_URL"), "http://127.0.0.1:8080"),
		Token:        cmp.Or(os.Getenv("BRIDLE_TOKEN"), "bkua_dev0000000000000000000000000000000000"),
		Organization: "/v2/organizations/" + cmp.Or(os.Getenv("BRIDLE_ORGANIZATION"), "dev"),
	}
	// A redirect would take the token along.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Build is what the examples look at of a build.
type Build struct {
	Number   int    `json:"number"`
	State    string `json:"state"`
	Branch   string `json:"branch"`
	WebURL   string `json:"web_url"`
	Pipeline struct {
		Slug string `json:"slug"`
	} `json:"pipeline"`
}

// attempts is how often a request is sent that the rate limit refuses.
const attempts = 5

// Do sends in, if it is not nil, and decodes the answer into out. Beyond the rate limit it waits as long as the server
// says.
func (c *Client) Do(method, path string, in, out any) (http.Header, error) {
	if !strings.HasPrefix(path, "http") {
		path = c.URL + path
	}
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
	}
	for attempt := 1; ; attempt++ {
		answer, err := c.send(method, path, body)
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		switch {
		case err != nil:
			return nil, err
		case answer.StatusCode < 400:
			return answer.Header, json.Unmarshal(content, out)
		case answer.StatusCode != http.StatusTooManyRequests || attempt == attempts:
			return nil, fmt.Errorf("%s %s answered %d: %s", method, path, answer.StatusCode, content)
		}
		seconds, err := strconv.Atoi(answer.Header.Get("RateLimit-Reset"))
		if err != nil {
			return nil, fmt.Errorf("%s %s: limited until nobody knows when", method, path)
		}
		time.Sleep(time.Duration(seconds) * time.Second)
	}
}

func (c *Client) send(method, url string, body []byte) (*http.Response, error) {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	request.Header.Set("Content-Type", "application/json")
	return c.http.Do(request)
}

var nextLink = regexp.MustCompile(`<([^>]*)>; rel="next"`)

// EveryPage yields the items of a list from all its pages. An error is the last that it yields.
func EveryPage[T any](c *Client, path string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for path != "" {
			var items []T
			header, err := c.Do(http.MethodGet, path, nil, &items)
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			path = ""
			if link := nextLink.FindStringSubmatch(header.Get("Link")); link != nil {
				path = link[1]
			}
		}
	}
}

// Ago is a time some days ago, as filters take it.
func Ago(days int) string { return time.Now().UTC().AddDate(0, 0, -days).Format(time.RFC3339) }
