package cron

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

var (
	zoneOffset = regexp.MustCompile(`^([+-])([01][0-9]|2[0-3]):?(00|15|30|45)$`)
	// zoneName keeps away what is a file name rather than the name of a zone.
	zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9+-]+(/[A-Z][A-Za-z0-9+_-]+){0,2}$`)
)

// parseZone reads an offset such as +09:00, or has a name looked up.
func parseZone(text string, zones Zones) (*time.Location, error) {
	if m := zoneOffset.FindStringSubmatch(text); m != nil {
		hours, _ := strconv.Atoi(m[2]) // two digits each, as matched
		minutes, _ := strconv.Atoi(m[3])
		seconds := (hours*minutesPerHour + minutes) * 60
		if m[1] == "-" {
			seconds = -seconds
		}
		return time.FixedZone(text, seconds), nil
	}
	// "Local" is what a machine is set to, and so not the same on all.
	if zoneName.MatchString(text) && text != "Local" {
		if zone, err := zones(text); err == nil {
			return zone, nil
		}
	}
	return nil, fmt.Errorf("has an unknown time zone %q: use a name such as Europe/Berlin or an offset such as +09:00", text)
}
