// Installs apk packages, and reads apk's database, with a library that is not armload's.
package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/chainguard-dev/go-apk/pkg/apk"
	apkfs "github.com/chainguard-dev/go-apk/pkg/fs"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// install ROOT ARCH REPOSITORY KEY PACKAGE..., or list ROOT.
func run(args []string) error {
	ctx := context.Background()
	fsys := apkfs.DirFS(args[1])
	if args[0] == "list" {
		return list(fsys)
	}
	made, err := apk.New(apk.WithFS(fsys), apk.WithArch(args[2]), apk.WithIgnoreMknodErrors(true))
	if err != nil {
		return err
	}
	if err := made.InitDB(ctx); err != nil {
		return err
	}
	// The keyring is by file names.
	if err := made.InitKeyring(ctx, []string{args[4]}, nil); err != nil {
		return err
	}
	if err := made.SetRepositories(ctx, []string{args[3]}); err != nil {
		return err
	}
	if err := made.SetWorld(ctx, args[5:]); err != nil {
		return err
	}
	epoch := time.Unix(1700000000, 0)
	return made.FixateWorld(ctx, &epoch)
}

func list(fsys apkfs.FullFS) error {
	made, err := apk.New(apk.WithFS(fsys))
	if err != nil {
		return err
	}
	installed, err := made.GetInstalled()
	if err != nil {
		return err
	}
	lines := []string{}
	for _, one := range installed {
		lines = append(lines, fmt.Sprintf("%s %s %s %s %v %v", one.Name, one.Version, one.Arch,
			hex.EncodeToString(one.Checksum), one.Dependencies, one.Provides))
		for _, file := range one.Files {
			lines = append(lines, fmt.Sprintf("%s %s %o %s", one.Name, filepath.Clean("/"+file.Name), file.Mode&0o7777,
				file.PAXRecords["APK-TOOLS.checksum.SHA1"]))
		}
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
	return nil
}
