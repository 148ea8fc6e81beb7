// Command signed_token calls the API without a secret: a private key signs a JSON Web Token that is good for some minutes.
// How to make the key and its token stands in examples/shell/signed_token.sh.
//
//	go run ./examples/go/signed_token key.pem 01890000-0000-7000-8000-000000000000
package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/bridle-ci/bridle/examples/go/api"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("give the file of the private key and the token's id")
	}
	if err := whoAmI(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func whoAmI(file, issuer string) error {
	key, err := readKey(file)
	if err != nil {
		return err
	}
	c := api.New()
	if c.Token, err = sign(key, issuer, time.Now()); err != nil {
		return err
	}
	var user struct {
		Email string `json:"email"`
	}
	if _, err := c.Do(http.MethodGet, "/v2/user", nil, &user); err != nil {
		return err
	}
	fmt.Println(user.Email)
	return nil
}

// readKey reads a key in either of the forms that openssl writes.
func readKey(file string) (*rsa.PrivateKey, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New(file + " is not in PEM form")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New(file + " has no RSA key")
	}
	return key, nil
}

// sign makes a token that is good for four minutes; the server takes none that is good for more than five.
func sign(key *rsa.PrivateKey, issuer string, now time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{"iss": issuer, "iat": now.Unix(), "exp": now.Add(4 * time.Minute).Unix()})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	return signed + "." + encode(signature), err
}
