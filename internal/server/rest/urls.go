package rest

import (
	"net/url"
	"strconv"
)

// urls makes the addresses in bodies. API addresses lie under <base>/v2, pages of the web under <base> itself.
type urls struct{ base string }

func (u urls) organization(org string) string {
	return u.base + "/v2/organizations/" + url.PathEscape(org)
}

func (u urls) organizationWeb(org string) string {
	return u.base + "/" + url.PathEscape(org)
}

func (u urls) pipeline(org, slug string) string {
	return u.organization(org) + "/pipelines/" + url.PathEscape(slug)
}

func (u urls) pipelineWeb(org, slug string) string {
	return u.organizationWeb(org) + "/" + url.PathEscape(slug)
}

func (u urls) build(org, slug string, number int64) string {
	return u.pipeline(org, slug) + "/builds/" + strconv.FormatInt(number, 10)
}

func (u urls) buildWeb(org, slug string, number int64) string {
	return u.pipelineWeb(org, slug) + "/builds/" + strconv.FormatInt(number, 10)
}

func (u urls) job(org, slug string, number int64, id string) string {
	return u.build(org, slug, number) + "/jobs/" + id
}

func (u urls) jobWeb(org, slug string, number int64, id string) string {
	return u.buildWeb(org, slug, number) + "#" + id
}

func (u urls) cluster(org, id string) string { return u.organization(org) + "/clusters/" + id }
func (u urls) clusterWeb(org, id string) string {
	return u.base + "/organizations/" + url.PathEscape(org) + "/clusters/" + id
}

func (u urls) queue(org, cluster, id string) string { return u.cluster(org, cluster) + "/queues/" + id }

func (u urls) queueWeb(org, cluster, id string) string {
	return u.clusterWeb(org, cluster) + "/queues/" + id
}

func (u urls) clusterToken(org, cluster, id string) string {
	return u.cluster(org, cluster) + "/tokens/" + id
}

func (u urls) agent(org, id string) string { return u.organization(org) + "/agents/" + id }

// agentWeb is the page of an agent in its queue. One whose queue was deleted has a page of its own.
func (u urls) agentWeb(org, cluster, queue, id string) string {
	if cluster == "" || queue == "" {
		return u.base + "/organizations/" + url.PathEscape(org) + "/agents/" + id
	}
	return u.queueWeb(org, cluster, queue) + "/agents/" + id
}

func (u urls) badge(token string) string   { return u.base + "/badge/" + token + ".svg" }
func (u urls) webhook(token string) string { return u.base + "/webhook/deliver/" + token }
func (u urls) emoji(code string) string    { return u.base + "/emojis/" + code + ".svg" }
