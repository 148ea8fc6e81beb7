package rest

// root is the greeting that needs no token.
func (a *API) root(c *call) error {
	return c.ok(struct {
		Message   string `json:"message"`
		Timestamp int64  `json:"timestamp"`
	}{"🛠", a.Now().Unix()})
}

func (a *API) getMeta(c *call) error {
	addresses := a.WebhookIPs
	if addresses == nil {
		addresses = []string{}
	}
	return c.ok(struct {
		WebhookIPs []string `json:"webhook_ips"`
	}{addresses})
}
