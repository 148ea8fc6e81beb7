package app_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/app/seed"
	"github.com/bridle-ci/bridle/internal/core/access"
)

func openAdmin(t *testing.T, data string) *app.Admin {
	t.Helper()
	a, err := app.OpenAdmin(t.Context(), settings(data).Storage, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// The server is running meanwhile.
func TestCreateToken(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := start(t, settings(data))
	token, err := openAdmin(t, data).CreateToken(t.Context(), app.NewToken{
		Organization: "acme", User: "ada@example.com", Description: "Dashboard", Scopes: []access.Scope{access.ReadBuilds}, ExpiresIn: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := status(t, server, "/v2/builds", token); got != 200 {
		t.Errorf("within its scope: %d", got)
	}
	if got := status(t, server, "/v2/organizations/acme/clusters", token); got != 403 {
		t.Errorf("beyond its scope: %d", got)
	}
}

// What is printed of a token with a public key is what its holder signs as iss.
func TestCreateTokenWithKey(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := start(t, settings(data))
	key, err := rsa.GenerateKey(rand.Reader, access.MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	id, err := openAdmin(t, data).CreateToken(t.Context(), app.NewToken{
		Organization: "acme", User: "ada@example.com", Description: "Signed", Scopes: []access.Scope{access.ReadBuilds},
		PublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	// By hand, as a script does it.
	encode := base64.RawURLEncoding.EncodeToString
	now := time.Now().Unix()
	unsigned := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." +
		encode(fmt.Appendf(nil, `{"iss":%q,"iat":%d,"exp":%d}`, id, now, now+60))
	sum := sha256.Sum256([]byte(unsigned))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	token := unsigned + "." + encode(signature)
	if got := status(t, server, "/v2/builds", token); got != 200 {
		t.Errorf("within its scope: %d", got)
	}
	if got := status(t, server, "/v2/builds", unsigned+"."+encode(signature[1:])); got != 401 {
		t.Errorf("with another signature: %d", got)
	}
}

func TestCreateAgentToken(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := start(t, settings(data))
	token, err := openAdmin(t, data).CreateAgentToken(t.Context(), app.NewAgentToken{Organization: "acme", Description: "New machine"})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.BaseURL+"/v3/token", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Token "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || !strings.Contains(string(body), `"New machine"`) {
		t.Errorf("%d %s %v", response.StatusCode, body, err)
	}
}

func TestAdminRefuses(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	start(t, settings(data))
	a := openAdmin(t, data)
	scopes := []access.Scope{access.ReadBuilds}
	for name, tt := range map[string]struct {
		do   func() error
		want string
	}{
		"organization": {func() error {
			_, err := a.CreateToken(t.Context(), app.NewToken{Organization: "other", User: "ada@example.com", Description: "d", Scopes: scopes})
			return err
		}, "No organization found"},
		"user": {func() error {
			_, err := a.CreateToken(t.Context(), app.NewToken{Organization: "acme", User: "bob@example.com", Description: "d", Scopes: scopes})
			return err
		}, "--user (now bob@example.com)"},
		"agent token's organization": {func() error {
			_, err := a.CreateAgentToken(t.Context(), app.NewAgentToken{Organization: "other", Description: "d"})
			return err
		}, `there is no organization "other"`},
		"cluster": {func() error {
			_, err := a.CreateAgentToken(t.Context(), app.NewAgentToken{Organization: "acme", Cluster: "other", Description: "d"})
			return err
		}, `no cluster "other"`},
		"never started": {func() error {
			_, err := app.OpenAdmin(t.Context(), settings(t.TempDir()).Storage, slog.New(slog.DiscardHandler))
			return err
		}, "or start it first"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := tt.do(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// The server is running meanwhile.
func TestSeed(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := start(t, settings(data))
	admin := openAdmin(t, data)
	o := seed.Options{Builds: 20, Pipelines: 2, Jobs: 1, Agents: 1, Users: 1, Days: 1, Draw: 1}
	if err := admin.Seed(t.Context(), "nobody", o, func(int) {}); err == nil || !strings.Contains(err.Error(), "--organization") {
		t.Errorf("of no organization: %v", err)
	}
	written := 0
	if err := admin.Seed(t.Context(), "acme", o, func(n int) { written = n }); err != nil || written != o.Builds {
		t.Fatalf("wrote %d builds, %v", written, err)
	}
	token, err := admin.CreateToken(t.Context(), app.NewToken{
		Organization: "acme", User: "ada@example.com", Description: "Look", Scopes: []access.Scope{access.ReadBuilds},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := status(t, server, "/v2/organizations/acme/pipelines/seed-1/builds/10", token); got != 200 {
		t.Errorf("the newest build of the first pipeline: %d", got)
	}
}
