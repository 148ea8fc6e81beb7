package pipeline

import (
	"regexp"
	"slices"
	"strings"

	"github.com/buildkite/go-pipeline/ordered"
)

// secret is one entry of `secrets`: the secret's key and the variable the agent puts its value into. A secret without
// a variable is fetched by the agent and given no name.
type secret struct {
	Key      string `json:"key"`
	Variable string `json:"environment_variable,omitempty"`
}

// sshKeyVariable is where the agent looks for the key of `checkout.ssh_secret`.
const sshKeyVariable = "BUILDKITE_GIT_SSH_KEY"

var secretKeyCharacters = regexp.MustCompile(`^[a-zA-Z0-9_]+$`)

// reservedVariables may be set from secrets although their prefix is reserved (docs/contract/pipelines.md, section 29).
var reservedVariables = []string{"BUILDKITE_API_TOKEN", "BUILDKITE_ANALYTICS_TOKEN", sshKeyVariable}

// readSecrets reads every form of `secrets`: a list of keys or of `{key, environment_variable}`, or a mapping of
// variables to keys.
func (c *compiler) readSecrets(r *reader) []secret {
	var secrets []secret
	switch v := r.value("secrets").(type) {
	case nil:
	case *ordered.MapSA:
		for variable, key := range v.All {
			text, ok := key.(string)
			if !ok || variable == "" {
				r.fail(refuse("`secrets` must map environment variables to the keys of secrets, but `%s` is %s", clip(variable), noun(key)), "secrets", variable)
				continue
			}
			secrets = append(secrets, secret{Key: text, Variable: variable})
		}
	case []any:
		for i, item := range v {
			s, err := listedSecret(item)
			r.fail(err, "secrets", i)
			secrets = append(secrets, s)
		}
	default:
		r.fail(refuse("`secrets` must be a list of keys or a mapping of environment variables to keys, but it is %s", noun(v)), "secrets")
	}
	for _, s := range secrets {
		r.fail(c.checkSecret(s), "secrets")
	}
	return secrets
}

func listedSecret(item any) (secret, error) {
	switch item := item.(type) {
	case string:
		return secret{Key: item, Variable: item}, nil
	case *ordered.MapSA:
		r := &reader{values: item}
		r.only("a `secrets` entry", "key", "environment_variable")
		return secret{Key: r.text("key"), Variable: r.text("environment_variable")}, r.err
	}
	return secret{}, refuse("Each item of `secrets` must be a key, or a mapping with `key` and `environment_variable`, but it is %s", noun(item))
}

func (c *compiler) checkSecret(s secret) error {
	key, variable := strings.ToLower(s.Key), strings.ToUpper(s.Variable)
	switch {
	case !secretKeyCharacters.MatchString(s.Key):
		return refuse("A secret's key may only contain letters, digits and underscores, but it is %q", clip(s.Key))
	case len(s.Key) > c.limits.SecretKeyLength:
		return refuse("A secret's key is too long. The maximum length is %d characters", c.limits.SecretKeyLength)
	case s.Key == s.Variable && slices.Contains(reservedVariables, s.Variable):
	case strings.HasPrefix(key, "buildkite"), strings.HasPrefix(key, "bk"):
		return refuse("A secret's key can't start with `buildkite` or `bk`, but it is %q", clip(s.Key))
	case (strings.HasPrefix(variable, "BUILDKITE") || strings.HasPrefix(variable, "BK")) && !slices.Contains(reservedVariables, s.Variable):
		return refuse("A secret can't be put into %q: names that start with BUILDKITE or BK are reserved", clip(s.Variable))
	}
	return nil
}

// mergeSecrets writes the step's secrets back, followed by those of the document whose variables the step does not set
// (docs/contract/pipelines.md, section 2.9). Null is never written: the agent refuses the job.
func (c *compiler) mergeSecrets(r *reader) {
	own := c.readSecrets(r)
	if key := sshSecret(r); key != "" {
		s := secret{Key: key, Variable: sshKeyVariable}
		r.fail(c.checkSecret(s), "checkout", "ssh_secret")
		own = append(own, s)
	}
	secrets := firstPerVariable(own, c.defaults.secrets)
	if len(secrets) == 0 {
		r.values.Delete("secrets")
		return
	}
	r.values.Set("secrets", secrets)
}

// firstPerVariable joins lists of secrets, keeping the first for each variable and each key without one.
func firstPerVariable(lists ...[]secret) []secret {
	var kept []secret
	seen := map[secret]bool{}
	for _, list := range lists {
		for _, s := range list {
			claim := secret{Variable: s.Variable}
			if s.Variable == "" {
				claim.Key = s.Key
			}
			if !seen[claim] {
				seen[claim] = true
				kept = append(kept, s)
			}
		}
	}
	return kept
}
