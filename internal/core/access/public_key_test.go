package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
)

// keyPEM is the public half of a new key in the form most tools write.
func keyPEM(t testing.TB, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestParsePublicKey(t *testing.T) {
	t.Parallel()
	key := rsaKey(t, 2048)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := keyPEM(t, &key.PublicKey)
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	tests := map[string]struct{ text, problem string }{
		"PKIX":            {good, ""},
		"PKCS 1":          {block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&key.PublicKey)), ""},
		"space around":    {"\n" + good + "\n\n", ""},
		"empty":           {"", "must be in PEM form"},
		"no PEM":          {"ssh-rsa AAAA", "must be in PEM form"},
		"private key":     {block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), "is a private key"},
		"two keys":        {good + good, "must be a single key"},
		"damaged":         {block("PUBLIC KEY", []byte("x")), "cannot be read"},
		"damaged PKCS 1":  {block("RSA PUBLIC KEY", []byte("x")), "cannot be read"},
		"elliptic curve":  {keyPEM(t, &curve.PublicKey), "must be an RSA key"},
		"too few bits":    {keyPEM(t, &rsaKey(t, 1024).PublicKey), "must have 2048 to 4096 bits, and has 1024"},
		"too much of all": {strings.Repeat("x", 9000), "is too long"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := access.ParsePublicKey(tt.text)
			if tt.problem == "" {
				if err != nil || !got.Equal(&key.PublicKey) {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got %v, want %q", err, tt.problem)
			}
		})
	}
}

func TestKeysTooLarge(t *testing.T) {
	t.Parallel()
	// A number of that size does for a key that nobody signs with.
	public := rsaKey(t, 2048).PublicKey
	public.N = public.N.Lsh(public.N, 2049).SetBit(public.N, 0, 1)
	_, err := access.ParsePublicKey(keyPEM(t, &public))
	if err == nil || !strings.Contains(err.Error(), "and has 4097") {
		t.Errorf("got %v", err)
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)
	at := func(d time.Duration) *time.Time { return new(now.Add(d)) }
	tests := map[string]struct {
		claims  access.Claims
		problem string
	}{
		"fresh":             {access.Claims{Issuer: "id", IssuedAt: at(0), ExpiresAt: at(time.Minute)}, ""},
		"longest life":      {access.Claims{Issuer: "id", IssuedAt: at(0), ExpiresAt: at(5 * time.Minute)}, ""},
		"clock behind":      {access.Claims{Issuer: "id", IssuedAt: at(-10 * time.Second), ExpiresAt: at(time.Minute)}, ""},
		"clock ahead":       {access.Claims{Issuer: "id", IssuedAt: at(10 * time.Second), ExpiresAt: at(time.Minute)}, ""},
		"valid from now":    {access.Claims{Issuer: "id", IssuedAt: at(0), ExpiresAt: at(time.Minute), NotBefore: at(0)}, ""},
		"of another token":  {access.Claims{Issuer: "other", IssuedAt: at(0), ExpiresAt: at(time.Minute)}, "iss is not the token"},
		"no issuer":         {access.Claims{IssuedAt: at(0), ExpiresAt: at(time.Minute)}, "iss is not the token"},
		"no time of issue":  {access.Claims{Issuer: "id", ExpiresAt: at(time.Minute)}, "iat is missing"},
		"no end":            {access.Claims{Issuer: "id", IssuedAt: at(0)}, "exp is missing"},
		"issued long ago":   {access.Claims{Issuer: "id", IssuedAt: at(-11 * time.Second), ExpiresAt: at(time.Minute)}, "iat is more than 10s"},
		"issued in future":  {access.Claims{Issuer: "id", IssuedAt: at(11 * time.Second), ExpiresAt: at(time.Minute)}, "iat is more than 10s"},
		"expired":           {access.Claims{Issuer: "id", IssuedAt: at(-5 * time.Second), ExpiresAt: at(0)}, "exp is in the past"},
		"ends before begin": {access.Claims{Issuer: "id", IssuedAt: at(9 * time.Second), ExpiresAt: at(8 * time.Second)}, "exp is not after iat"},
		"lives too long":    {access.Claims{Issuer: "id", IssuedAt: at(0), ExpiresAt: at(5*time.Minute + time.Second)}, "exp is more than 5m0s after iat"},
		"not yet valid":     {access.Claims{Issuer: "id", IssuedAt: at(0), ExpiresAt: at(time.Minute), NotBefore: at(30 * time.Second)}, "nbf is in the future"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.claims.Check("id", now)
			if tt.problem == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got %v, want %q", err, tt.problem)
			}
		})
	}
}

func FuzzParsePublicKey(f *testing.F) {
	f.Add(keyPEM(f, &rsaKey(f, 2048).PublicKey))
	f.Add("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := access.ParsePublicKey(text)
		if err == nil && (key.N.BitLen() < access.MinKeyBits || key.N.BitLen() > access.MaxKeyBits) {
			t.Errorf("a key of %d bits", key.N.BitLen())
		}
	})
}
