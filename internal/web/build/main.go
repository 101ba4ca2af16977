// Command build turns the scripts and styles in assets into the one script and the one
// style sheet that the pages load.
package main

import (
	"fmt"
	"os"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	res := api.Build(api.BuildOptions{
		EntryPoints: []string{"assets/app.ts", "assets/app.css"}, Outdir: "static", Bundle: true, Write: true,
		Target: api.ES2022, Format: api.FormatIIFE, LegalComments: api.LegalCommentsNone, MinifyWhitespace: true, MinifySyntax: true,
	})
	for _, m := range res.Errors {
		fmt.Fprintln(os.Stderr, m.Text)
	}
	if len(res.Errors) > 0 {
		os.Exit(1)
	}
}
