// Command build turns enhance.ts into the script the pages load.
package main

import (
	"fmt"
	"os"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	res := api.Build(api.BuildOptions{
		EntryPoints: []string{"static/enhance.ts"}, Outfile: "static/app.js", Bundle: true, Write: true,
		Target: api.ES2022, Format: api.FormatIIFE, LegalComments: api.LegalCommentsNone, MinifyWhitespace: true, MinifySyntax: true,
	})
	for _, m := range res.Errors {
		fmt.Fprintln(os.Stderr, m.Text)
	}
	if len(res.Errors) > 0 {
		os.Exit(1)
	}
}
