package agentbin

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/tools/txtar"
)

//go:generate go test -run TestModuleIsThatOfTheRepository -update .

// moduleArchive holds the files of the module in agent/ at the top of the
// repository. They are packed because go:embed stops at a nested module.
//
//go:embed module.txtar
var moduleArchive []byte

// agentPackage is the main package of the official agent, which the module
// requires as a tool.
const agentPackage = "github.com/buildkite/agent/v3"

// moduleVersion returns the version of the agent that the module builds.
func moduleVersion() string {
	_, after, _ := strings.Cut(string(moduleArchive), agentPackage+" v")
	version, _, _ := strings.Cut(after, " ")
	return version
}

// moduleKey names the result of a build. A change of the module or of the
// platform changes it, and so does a new Go, since its fixes are wanted in the
// agent too. Bridle's own Go stands for the one that builds, so that a cached
// agent is found where Go is not installed.
func moduleKey() string {
	hash := sha256.New()
	hash.Write(moduleArchive)
	hash.Write([]byte(runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH))
	return moduleVersion() + "-" + hex.EncodeToString(hash.Sum(nil))[:12]
}

// unpackModule writes the module's files below dir.
func unpackModule(dir string) error {
	for _, file := range txtar.Parse(moduleArchive).Files {
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
