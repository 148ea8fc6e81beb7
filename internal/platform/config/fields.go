package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// EnvPrefix begins the environment variable of every setting.
const EnvPrefix = "BRIDLE_"

// hidden stands for a secret that is set.
const hidden = "(hidden)"

// Field is one setting, for showing.
type Field struct {
	// Flag is the name of the flag without dashes, which is also the key in a configuration file.
	Flag string
	// Env is the environment variable.
	Env     string
	Help    string
	Default string
	// Value is the value in force with secrets hidden.
	Value string
}

// Fields lists the settings of a struct of this package in their order.
func Fields(settings any) []Field {
	var fields []Field
	collect(reflect.ValueOf(settings), &fields)
	return fields
}

// Flags lists the names of the settings, which are the keys a configuration file may have.
func Flags(settings any) []string {
	var names []string
	for _, f := range Fields(settings) {
		names = append(names, f.Flag)
	}
	return names
}

func collect(v reflect.Value, fields *[]Field) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			collect(v.Field(i), fields)
			continue
		}
		name := field.Tag.Get("name")
		if name == "" {
			name = flagName(field.Name)
		}
		*fields = append(*fields, Field{
			Flag:    name,
			Env:     EnvName(name),
			Help:    field.Tag.Get("help"),
			Default: field.Tag.Get("default"),
			Value:   conceal(field.Tag.Get("secret"), text(v.Field(i))),
		})
	}
}

// EnvName is the environment variable of a flag.
func EnvName(flag string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// flagName turns AgentPingInterval into agent-ping-interval.
func flagName(field string) string {
	var b strings.Builder
	for i, r := range field {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func text(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case []string:
		return strings.Join(value, ",")
	case time.Duration:
		return value.String()
	default:
		return fmt.Sprint(value)
	}
}

// conceal hides a value as its tag says. What cannot be taken apart is hidden wholly.
func conceal(mark, value string) string {
	if mark == "" || value == "" {
		return value
	}
	if mark != "url" {
		return hidden
	}
	u, err := url.Parse(value)
	if err != nil {
		return hidden
	}
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword(u.User.Username(), "xxxxx")
	}
	if query := u.Query(); query.Has("password") {
		query.Set("password", "xxxxx")
		u.RawQuery = query.Encode()
	}
	return u.String()
}
