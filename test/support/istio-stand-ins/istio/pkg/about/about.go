// Package about says what a program is.
package about

import (
	"os"
	"runtime"
)

// Say prints the program's name and the machine that it was built for.
func Say(name string) {
	os.Stdout.WriteString(name + " " + runtime.GOARCH + "\n")
}
