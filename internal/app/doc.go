// Package app builds the whole program from its configuration: it opens what holds state, makes the services and faces
// over it, runs what works in the background, and stops all of it in order. It is what commands and end-to-end tests
// start. It decides nothing that the product does.
package app
