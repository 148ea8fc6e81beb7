package ids

import (
	"encoding/base64"
	"strings"
)

// Global is a GraphQL id: padded base64 of `Type---uuid` (contracts/rest/README.md, Values).
func Global(typeName, uuid string) string {
	return base64.StdEncoding.EncodeToString([]byte(typeName + "---" + uuid))
}

// ParseGlobal reads a GraphQL id; ok is false when it is none.
func ParseGlobal(id string) (typeName, uuid string, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(id)
	if err != nil {
		return "", "", false
	}
	typeName, uuid, ok = strings.Cut(string(raw), "---")
	return typeName, uuid, ok && typeName != "" && uuid != ""
}
