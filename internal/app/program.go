package app

import "runtime/debug"

// Program names this program with its version and, where it was built from a repository, the
// revision: what a figure says it was made by.
func Program() string {
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return "amparo"
	}
	version := "amparo " + b.Main.Version
	for _, s := range b.Settings {
		if s.Key == "vcs.revision" {
			version += " " + s.Value
		}
	}
	return version
}
