package badge

import "fmt"

// The measures of a badge in pixels.
const (
	height      = 20
	labelWidth  = 38
	statusWidth = 58
	radius      = 3
)

// SVG draws a badge. The style `square`, also called `flat-square`, has sharp corners.
func SVG(s Status, style, theme string) string {
	t, corner := themeOf(theme), radius
	if style == "square" || style == "flat-square" {
		corner = 0
	}
	const width = labelWidth + statusWidth
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="build: %[3]s">`+
		`<title>build: %[3]s</title>`+
		`<clipPath id="corners"><rect width="%[1]d" height="%[2]d" rx="%[4]d"/></clipPath>`+
		`<g clip-path="url(#corners)"><rect width="%[5]d" height="%[2]d" fill="#%[6]s"/>`+
		`<rect x="%[5]d" width="%[7]d" height="%[2]d" fill="#%[8]s"/></g>`+
		`<g font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">`+
		`<text x="%[9]d" y="14" fill="#%[10]s">build</text><text x="%[11]d" y="14" fill="#%[12]s">%[3]s</text></g></svg>`,
		width, height, s, corner, labelWidth, t.label, statusWidth, t.of(s), labelWidth/2, t.text,
		labelWidth+statusWidth/2, t.statusText)
}
