package access

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Limits of public-key tokens (docs/contract/platform.md, section 3.2).
const (
	MinKeyBits = 2048
	MaxKeyBits = 4096
	// maxKeyText bounds the bytes of a key as text; one of the largest size takes less than a thousand.
	maxKeyText = 8 << 10
	// claimSkew is how far the time of issue may be from the server's.
	claimSkew = 10 * time.Second
	// maxClaimLife is how long after its issue an assertion may be good for.
	maxClaimLife = 5 * time.Minute
)

// ParsePublicKey reads the RSA public key of a token in PEM form. Errors are for whoever registers it.
func ParsePublicKey(text string) (*rsa.PublicKey, error) {
	if len(text) > maxKeyText {
		return nil, fmt.Errorf("is too long (maximum is %d bytes)", maxKeyText)
	}
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil:
		return nil, errors.New("must be in PEM form, beginning with -----BEGIN PUBLIC KEY-----")
	case strings.Contains(block.Type, "PRIVATE"):
		return nil, errors.New("is a private key: keep it to yourself and register the public one")
	case strings.TrimSpace(string(rest)) != "":
		return nil, errors.New("must be a single key")
	}
	key, err := parseKeyBlock(block)
	if err != nil {
		return nil, err
	}
	if bits := key.N.BitLen(); bits < MinKeyBits || bits > MaxKeyBits {
		return nil, fmt.Errorf("must have %d to %d bits, and has %d", MinKeyBits, MaxKeyBits, bits)
	}
	return key, nil
}

func parseKeyBlock(block *pem.Block) (*rsa.PublicKey, error) {
	if block.Type == "RSA PUBLIC KEY" {
		key, err := x509.ParsePKCS1PublicKey(block.Bytes)
		if err != nil {
			return nil, errors.New("cannot be read as an RSA public key")
		}
		return key, nil
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("cannot be read as a public key")
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("must be an RSA key")
	}
	return key, nil
}

// Claims are what the holder of a private key asserts with each request of a public-key token. A nil time is missing.
type Claims struct {
	// Issuer is the id of the token.
	Issuer    string
	IssuedAt  *time.Time
	ExpiresAt *time.Time
	NotBefore *time.Time
}

// Check returns why an assertion of a token's holder is no good at a time, or nil. The signature is another matter.
func (c Claims) Check(tokenID string, now time.Time) error {
	switch {
	case c.Issuer != tokenID:
		return errors.New("iss is not the token")
	case c.IssuedAt == nil:
		return errors.New("iat is missing")
	case c.ExpiresAt == nil:
		return errors.New("exp is missing")
	case c.IssuedAt.Sub(now).Abs() > claimSkew:
		return fmt.Errorf("iat is more than %s from the server's time", claimSkew)
	case !now.Before(*c.ExpiresAt):
		return errors.New("exp is in the past")
	case !c.ExpiresAt.After(*c.IssuedAt):
		return errors.New("exp is not after iat")
	case c.ExpiresAt.Sub(*c.IssuedAt) > maxClaimLife:
		return fmt.Errorf("exp is more than %s after iat", maxClaimLife)
	case c.NotBefore != nil && c.NotBefore.Sub(now) > claimSkew:
		return errors.New("nbf is in the future")
	}
	return nil
}
