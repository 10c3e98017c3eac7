package clienttest

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// What device codes are good for, as at Entra.
const (
	DefaultDeviceCodeLifetime = 15 * time.Minute
	DefaultDeviceInterval     = 5 * time.Second
)

// WithDeviceCodes sets for how long a device code can be approved and redeemed,
// and how much time must lie between two questions for its token: a client that
// asks earlier is told to slow down. Clients read both in whole seconds.
func WithDeviceCodes(lifetime, interval time.Duration) Option {
	return func(g *Graph) { g.deviceLife, g.deviceInterval = lifetime, interval }
}

// deviceCode is one sign-in of a person on another device (RFC 8628).
type deviceCode struct {
	key      [sha256.Size]byte // of the code that the client has
	userCode string
	want     delegated
	tenant   string
	expires  time.Time
	interval time.Duration // between two questions
	asked    time.Time     // last, long ago before the first
	decided  bool
	user     string // who has signed in, "" where the person declined
}

// deviceBody is the answer of the device authorization endpoint.
type deviceBody struct {
	UserCode        string `json:"user_code"`
	DeviceCode      string `json:"device_code"`
	VerificationURI string `json:"verification_uri"`
	ExpiresIn       int64  `json:"expires_in"`
	Interval        int64  `json:"interval"`
	Message         string `json:"message"`
}

// beginDevice makes a device code.
func (g *Graph) beginDevice(c *call, form url.Values, who grant) (any, *entraError) {
	want, refused := parseDelegated(form.Get("scope"))
	if refused != nil {
		return nil, refused
	}
	code := TokenPrefix + "device-" + rand.Text()
	d := &deviceCode{
		key: sha256.Sum256([]byte(code)), userCode: rand.Text()[:9], want: want, tenant: who.tenant,
		expires: c.at.Add(g.deviceLife), interval: g.deviceInterval,
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	// An hour's grace keeps the answer "expired" for codes just past it.
	g.devices = slices.DeleteFunc(g.devices, func(d *deviceCode) bool { return c.at.Sub(d.expires) > time.Hour })
	g.devices = append(g.devices, d)
	page := c.origin() + "/devicelogin"
	return deviceBody{
		UserCode: d.userCode, DeviceCode: code, VerificationURI: page,
		ExpiresIn: int64(g.deviceLife.Seconds()), Interval: int64(g.deviceInterval.Seconds()),
		Message: fmt.Sprintf("To sign in, use a web browser to open the page %s and enter the code %s to authenticate.", page, d.userCode),
	}, nil
}

// ApproveDevice signs a person in with the code that the client showed them;
// changes they make are by that user. It is an error where there is no such
// code, or it was decided before.
func (g *Graph) ApproveDevice(userCode, user string) error {
	if user == "" {
		return fmt.Errorf("clienttest: the user who approves the device code %q has no name", userCode)
	}
	return g.decideDevice(userCode, user)
}

// DenyDevice has the person decline, under the rules of [Graph.ApproveDevice].
func (g *Graph) DenyDevice(userCode string) error { return g.decideDevice(userCode, "") }

func (g *Graph) decideDevice(userCode, user string) error {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range g.devices {
		switch {
		case d.userCode != userCode:
		case d.decided:
			return fmt.Errorf("clienttest: the device code %q was decided before", userCode)
		case !now.Before(d.expires):
			return fmt.Errorf("clienttest: the device code %q has expired", userCode)
		default:
			d.decided, d.user = true, user
			return nil
		}
	}
	return fmt.Errorf("clienttest: there is no device code %q", userCode)
}

// redeemDevice answers the question for the token of a device code.
func (g *Graph) redeemDevice(c *call, form url.Values, who grant) (any, *entraError) {
	d, refused := g.takeDevice(c, form.Get("device_code"), who.tenant)
	if refused != nil {
		return nil, refused
	}
	who.audience, who.by = d.want.audience, d.user
	return g.delegatedToken(who, d.want, c.at), nil
}

// takeDevice returns a device code that was approved, and forgets it.
func (g *Graph) takeDevice(c *call, code, tenant string) (*deviceCode, *entraError) {
	key := sha256.Sum256([]byte(code))
	pending := func(code, text string) *entraError {
		return &entraError{status: http.StatusBadRequest, code: code, number: 70016, text: "OAuth 2.0 device flow error. " + text}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.devices, func(d *deviceCode) bool { return d.key == key && d.tenant == tenant })
	if i < 0 {
		return nil, &entraError{status: http.StatusBadRequest, code: "bad_verification_code", number: 70018, text: "Invalid verification code: no device code of this tenant, or redeemed before."}
	}
	d := g.devices[i]
	early := c.at.Sub(d.asked) < d.interval
	d.asked = c.at
	switch {
	case !c.at.Before(d.expires):
		return nil, &entraError{status: http.StatusBadRequest, code: "expired_token", number: 70019, text: "Verification code expired. Have the user retry the sign-in."}
	case early:
		const more = 5 * time.Second // RFC 8628, section 3.5
		d.interval += more
		return nil, pending("slow_down", "The client asks more often than it was told to. Continue polling, less often.")
	case !d.decided:
		return nil, pending("authorization_pending", "Authorization is pending. Continue polling.")
	case d.user == "":
		return nil, &entraError{status: http.StatusBadRequest, code: "authorization_declined", number: 65004, text: "User declined to consent to access the app."}
	}
	g.devices = slices.Delete(g.devices, i, i+1)
	return d, nil
}
