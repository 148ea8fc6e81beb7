package artifacts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"strconv"
	"time"

	"github.com/bridle-ci/bridle/internal/core/artifact"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// How long signed addresses are valid. A REST client follows a link at once (contracts/rest/README.md, Logs, redirects,
// uploads); an agent works through what a search found, one file after the other; a page shows links as long as it stays
// open.
const (
	downloadFor = time.Minute
	searchFor   = 6 * time.Hour
	pageFor     = time.Hour
	uploadFor   = 24 * time.Hour
)

// pageStep keeps the links in a page the same for a while, so that browsers can keep what they point to.
const pageStep = 10 * time.Minute

// Path is where, below the base URL, the face for blobs serves what is signed here: forms are posted to it, parts put to
// `<id>/parts/<number>` below it, and files got from `<id>/files/<name>`.
const Path = "/blobs/artifacts"

// What a signature is for: one for one thing is no good for another.
const (
	forDownload = "download"
	forBatch    = "upload batch"
	forArtifact = "upload artifact"
	forPart     = "upload part"
)

// Signature makes an address valid until a time.
type Signature struct {
	// Expires is in seconds since 1970, as decimal digits.
	Expires string
	// Value is the HMAC in hex.
	Value string
}

// links makes and checks signed addresses.
type links struct {
	base *url.URL
	key  []byte
	now  func() time.Time
}

func (l links) sign(until time.Time, purpose string, parts ...string) Signature {
	expires := strconv.FormatInt(until.Unix(), 10)
	return Signature{Expires: expires, Value: hex.EncodeToString(l.mac(expires, purpose, parts))}
}

// check fails as forbidden unless the signature was made for just this and is still valid.
func (l links) check(s Signature, purpose string, parts ...string) error {
	given, err := hex.DecodeString(s.Value)
	if err != nil || !hmac.Equal(given, l.mac(s.Expires, purpose, parts)) {
		return fault.New(fault.Forbidden, "The link is not valid: use it exactly as it was given")
	}
	expires, err := strconv.ParseInt(s.Expires, 10, 64)
	if err != nil || !l.now().Before(time.Unix(expires, 0)) {
		return fault.New(fault.Forbidden, "The link has expired: ask for a new one")
	}
	return nil
}

func (l links) mac(expires, purpose string, parts []string) []byte {
	h := hmac.New(sha256.New, l.key)
	var length [8]byte
	for _, part := range append([]string{purpose, expires}, parts...) {
		// With lengths, no two lists of parts look the same.
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// uploadPath is the path of the address that forms are posted to.
func (l links) uploadPath() string { return l.base.JoinPath(Path).Path }

func (l links) uploadURL() string { return l.base.JoinPath(Path).String() }

func (l links) part(id string, n int) string {
	number := strconv.Itoa(n)
	return l.signed(l.sign(l.now().Add(uploadFor), forPart, id, number), id, "parts", number)
}

// page is the address of an artifact's bytes for showing in a page.
func (l links) page(a store.Artifact) string {
	return l.download(a, l.now().Truncate(pageStep).Add(pageFor))
}

// download is the address of an artifact's bytes; the agent's own address if it keeps them elsewhere.
func (l links) download(a store.Artifact, until time.Time) string {
	if a.BlobKey == "" {
		return a.URL
	}
	_, name := artifact.Split(a.Path)
	return l.signed(l.sign(until, forDownload, a.ID), a.ID, "files", url.PathEscape(name))
}

func (l links) signed(s Signature, elements ...string) string {
	u := l.base.JoinPath(append([]string{Path}, elements...)...)
	u.RawQuery = url.Values{"expires": {s.Expires}, "signature": {s.Value}}.Encode()
	return u.String()
}
