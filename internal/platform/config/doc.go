// Package config is what can be set on a server: each setting once, with its flag, environment variable, default, help
// and whether it is secret. It reads the configuration file and shows settings to people; it knows neither the command
// line's parser nor what the settings do.
package config
