package cli

import (
	"os"
	"os/exec"
)

// replaceProcess starts another process and lets this one end.
func replaceProcess(exe string, args, env []string) error {
	cmd := exec.Command(exe, args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	return cmd.Start()
}
