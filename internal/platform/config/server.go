package config

import (
	"time"
)

// Defaults that depend on other settings, and so cannot stand in a tag.
const (
	// DefaultData is where a server keeps its files.
	DefaultData = "./bridle-data"
	// DatabaseFile is the name of the SQLite database in the data folder.
	DatabaseFile = "bridle.db"
)

// Server is everything that can be set on `bridle server`. Its tags are the flags; a tag `secret` says how a value is
// hidden when it is shown: "true" wholly, "url" its password alone.
type Server struct {
	Storage
	Network
	Limits
	Logging
	Agents
	First

	Dev             bool          `help:"For trying things out and for tests: fixed organization, user and tokens, no rate limits, outbound calls to loopback allowed, and state in a temporary folder unless --data is given. Never expose it."`
	ShutdownTimeout time.Duration `default:"30s" help:"How long a stopping server waits for requests to finish."`
}

// Storage says where state is kept.
type Storage struct {
	Data       string `placeholder:"./bridle-data" help:"Folder of the SQLite database, logs and artifacts. It is made when missing."`
	Database   string `secret:"url" placeholder:"URL" help:"Database: postgres://user:password@host/name or sqlite:///path/to/file.db. Without it, a SQLite file in the data folder."`
	Durability string `enum:"full,normal" default:"full" help:"When a write counts as done: full waits for the disk, normal survives a crash of the process but may lose the last moments on a power cut. On PostgreSQL, full leaves the server's own settings as they are, and normal turns synchronous_commit off."`
}

// Network says how clients reach the server.
type Network struct {
	Listen         string   `default:"127.0.0.1:8080" help:"Address and port to serve on. Port 0 takes a free one."`
	URL            string   `name:"url" placeholder:"URL" help:"Address clients know the server by, such as https://ci.example.com. Links in answers begin with it. Without it, http:// and the address served on."`
	TrustedProxies []string `placeholder:"CIDR" help:"Proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8."`
}

// Limits bound what clients may ask for.
type Limits struct {
	RateLimits        bool `default:"true" negatable:"" help:"Whether requests are limited at all."`
	RESTRateLimit     int  `name:"rest-rate-limit" default:"200" help:"REST requests a minute that all of an organization may make together."`
	RESTUserRateLimit int  `name:"rest-user-rate-limit" default:"50" help:"REST requests a minute that one user may make."`
}

// First is what the first start puts into an empty database. Later starts ignore it.
type First struct {
	Organization string `default:"main" help:"Slug of the organization that the first start makes. It is in every address."`
	AdminName    string `default:"Admin" help:"Name of the user that the first start makes."`
	AdminEmail   string `default:"admin@bridle.localhost" help:"Email address of the user that the first start makes."`
}

// Logging says what is logged and how, on standard error.
type Logging struct {
	LogLevel  string `enum:"debug,info,warn,error" default:"info" help:"Least severe messages to log: debug, info, warn or error."`
	LogFormat string `enum:"auto,text,json" default:"auto" help:"Form of log lines: text for people, json for machines, auto is text on a terminal."`
}

// Agents says how often agents report; the server tells them when they register.
type Agents struct {
	AgentPingInterval      time.Duration `default:"10s" help:"How often an idle agent asks for work when it holds no stream open."`
	AgentJobStatusInterval time.Duration `default:"10s" help:"How often an agent asks whether its job was canceled."`
	AgentHeartbeatInterval time.Duration `default:"60s" help:"How often an agent says that it is alive."`
}
