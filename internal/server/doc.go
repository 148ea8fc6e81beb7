// Package server puts the faces behind one listener: which path belongs to which face, how the connection behaves, and
// whether the process is alive and ready. What a face answers is the face's own.
package server
