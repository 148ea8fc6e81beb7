// Package localrun is `bridle run`: it runs a repository's pipeline on this machine, by official agents against a whole
// control plane that lives as long as the build. It puts the parts together: what to build is made in snapshot and
// document, who builds it is run by agents, and what a person sees is made in logview, render and prompt.
package localrun
