package accounts_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/accounts"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, access.MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicPEM(t *testing.T, key *rsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// sign makes an assertion.
func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// signText signs what are no claims.
func signText(t *testing.T, key *rsa.PrivateKey, text string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

// holder is a public-key token and who can sign for it.
type holder struct {
	bundle
	key   *rsa.PrivateKey
	token store.APIToken
}

func newHolder(t *testing.T, edit func(*accounts.NewToken)) holder {
	t.Helper()
	h := holder{bundle: setup(t), key: newKey(t)}
	in := accounts.NewToken{
		OrganizationSlug: h.Organization.Slug, UserEmail: h.Member.Email, Description: "Signed",
		Scopes: []access.Scope{access.ReadBuilds}, PublicKey: publicPEM(t, h.key),
	}
	edit(&in)
	token, secret, err := h.service.CreateToken(t.Context(), in)
	if err != nil || secret != "" {
		t.Fatalf("created with the secret %q: %v", secret, err)
	}
	h.token = token
	return h
}

// claims are those of an assertion made now.
func (h holder) claims() map[string]any {
	now := h.clock.Now()
	return map[string]any{"iss": h.token.ID, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
}

func TestAssertions(t *testing.T) {
	t.Parallel()
	h := newHolder(t, func(in *accounts.NewToken) { in.AllowedIPAddresses = new("192.0.2.0/24") })
	plain := storetest.APIToken(t, h.store, h.Organization, h.Member)
	with := func(name string, value any) map[string]any {
		claims := h.claims()
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
		return claims
	}
	good := sign(t, jose.RS256, h.key, h.claims())
	der := x509.MarshalPKCS1PublicKey(&h.key.PublicKey)
	parts := strings.Split(good, ".")
	now := h.clock.Now()
	for name, c := range map[string]struct {
		assertion string
		ok        bool
	}{
		"good":                     {good, true},
		"upper case issuer":        {sign(t, jose.RS256, h.key, with("iss", strings.ToUpper(h.token.ID))), true},
		"another algorithm":        {sign(t, jose.RS512, h.key, h.claims()), false},
		"the public key as secret": {sign(t, jose.HS256, der, h.claims()), false},
		"no algorithm":             {"eyJhbGciOiJub25lIn0." + parts[1] + ".", false},
		"another key":              {sign(t, jose.RS256, newKey(t), h.claims()), false},
		"other claims":             {parts[0] + "." + strings.Split(sign(t, jose.RS256, h.key, with("exp", now.Add(2*time.Minute).Unix())), ".")[1] + "." + parts[2], false},
		"issuer is no id":          {sign(t, jose.RS256, h.key, with("iss", "me")), false},
		"issuer is unknown":        {sign(t, jose.RS256, h.key, with("iss", h.Organization.ID)), false},
		"issuer has a secret":      {sign(t, jose.RS256, h.key, with("iss", plain.ID)), false},
		"without iss":              {sign(t, jose.RS256, h.key, with("iss", nil)), false},
		"without iat":              {sign(t, jose.RS256, h.key, with("iat", nil)), false},
		"without exp":              {sign(t, jose.RS256, h.key, with("exp", nil)), false},
		"stale":                    {sign(t, jose.RS256, h.key, with("iat", now.Add(-time.Minute).Unix())), false},
		"iat is text":              {sign(t, jose.RS256, h.key, with("iat", "now")), false},
		"claims are no object":     {signText(t, h.key, "[1]"), false},
		"two dots and no more":     {"..", false},
		"too long":                 {sign(t, jose.RS256, h.key, with("jti", strings.Repeat("x", 9000))), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			actor, err := h.service.Authenticate(t.Context(), c.assertion, ip)
			if !c.ok {
				fails(t, err, fault.Unauthenticated, "Authentication required")
				return
			}
			if err != nil || actor.TokenID != h.token.ID || actor.UserID != h.Member.ID || !actor.HasScope(access.ReadBuilds) {
				t.Errorf("%+v, %v", actor, err)
			}
		})
	}
	t.Run("address", func(t *testing.T) {
		t.Parallel()
		_, err := h.service.Authenticate(t.Context(), good, "203.0.113.1")
		fails(t, err, fault.Forbidden, "may not be used from the IP address")
	})
}

func TestAssertionsAreRecordedAndRevoked(t *testing.T) {
	t.Parallel()
	h := newHolder(t, func(*accounts.NewToken) {})
	ctx := t.Context()
	actor, err := h.service.Authenticate(ctx, sign(t, jose.RS256, h.key, h.claims()), ip)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.service.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	row, err := store.GetAPIToken(ctx, h.store.Read(), h.token.ID)
	if err != nil || row.LastUsedAt == nil || *row.LastUsedIP != ip {
		t.Errorf("used %v, %v", row.LastUsedAt, err)
	}
	if err := h.service.RevokeToken(ctx, actor); err != nil {
		t.Fatal(err)
	}
	_, err = h.service.Authenticate(ctx, sign(t, jose.RS256, h.key, h.claims()), ip)
	fails(t, err, fault.Unauthenticated, "Authentication required")
}

func TestCreateTokenWithKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	key := newKey(t)
	private := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	for name, c := range map[string]struct {
		key     string
		expires *time.Time
		message string
	}{
		"private": {private, nil, "Public key is a private key"},
		"expiry":  {publicPEM(t, key), new(b.clock.Now().Add(time.Hour)), "Expires at cannot be set"},
		"no key":  {"x", nil, "Public key must be in PEM form"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := b.service.CreateToken(t.Context(), accounts.NewToken{
				OrganizationSlug: b.Organization.Slug, UserEmail: b.Member.Email, Description: "x", PublicKey: c.key, ExpiresAt: c.expires,
			})
			fails(t, err, fault.Invalid, c.message)
		})
	}
}

// FuzzAuthenticate sends what is no token of anybody.
func FuzzAuthenticate(f *testing.F) {
	for _, seed := range []string{
		"", "bkua_x", "..", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIwMTkwZDFiMi0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAifQ.AA",
		"eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdfQ.e30.AA", "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjFlMzA4fQ.AA",
	} {
		f.Add(seed)
	}
	service := accounts.New(storetest.Open(f), nil)
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := service.Authenticate(t.Context(), token, ip); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%q: %v", token, err)
		}
	})
}
