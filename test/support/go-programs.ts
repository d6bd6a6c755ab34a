import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A module of a proxy that says which version of it it is. */
export const publicModule = 'mvdan.cc/gofumpt@v0.9.1';
/** The repository of a module that is nowhere but on this machine: git is told where. */
export const address = 'https://github.com/armload-example/tool';
const modulePath = address.replace('https://', '');
/** A module of a proxy that the repository's depends on. */
const dependency = 'github.com/bmatcuk/doublestar/v4 v4.0.2';

const files: Readonly<Record<string, string>> = {
  'go.mod': `module ${modulePath}\n\ngo 1.21\n\nrequire ${dependency}\n\nrequire ${modulePath}/api v0.0.0\n\nreplace ${modulePath}/api => ./api\n`,
  'api/go.mod': `module ${modulePath}/api\n\ngo 1.21\n`,
  'api/api.go': 'package api\n\nconst Name = "api"\n',
  '.gitignore': '/web/generated.txt\n',
  'web/index.txt': 'hello\n',
  'web/web.go':
    'package web\n\nimport "embed"\n\n//go:embed *.txt\nvar files embed.FS\n\nfunc Count() int {\n\tall, _ := files.ReadDir(".")\n\treturn len(all)\n}\n',
  'cmd/tool/main.go': `package main

import (
	"fmt"
	"runtime/debug"

	"github.com/bmatcuk/doublestar/v4"
	"${modulePath}/api"
	"${modulePath}/web"
)

var version = "dev"

func main() {
	info, _ := debug.ReadBuildInfo()
	isMatch, _ := doublestar.Match("a/**", "a/b")
	revision := ""
	for _, one := range info.Settings {
		if one.Key == "vcs.revision" {
			revision = one.Value
		}
	}
	fmt.Println(version, api.Name, web.Count(), isMatch, info.Main.Version, revision)
}
`,
};

/** Go programs built as their authors would, for amd64, with a module cache and a git of their own. */
export class GoWorkplace {
  readonly folder: string;
  /** What a person's shell has. */
  readonly environment: Readonly<Record<string, string>>;
  readonly repository: string;
  #count = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.repository = join(folder, 'repository');
    mkdirSync(this.repository, { recursive: true });
    const configuration = join(folder, 'gitconfig');
    const text = `[user]\n\tname = Someone\n\temail = someone@example.org\n[url "file://${this.repository}"]\n\tinsteadOf = ${address}\n`;
    writeFileSync(configuration, text);
    const { PATH = '', HOME = '', GOPROXY } = process.env;
    this.environment = {
      ...{ PATH, HOME, ...(GOPROXY === undefined ? {} : { GOPROXY }) },
      ...{ GIT_CONFIG_GLOBAL: configuration, GIT_CONFIG_NOSYSTEM: '1' },
      ...{ GOPRIVATE: `${modulePath},${modulePath}/*`, GOMODCACHE: join(folder, 'modules') },
    };
  }

  async in(folder: string, program: string, ...words: readonly string[]): Promise<string> {
    const own = { GOFLAGS: '-buildvcs=true', GOTOOLCHAIN: 'local', CGO_ENABLED: '0', GOARCH: 'amd64' };
    const env = { ...own, ...this.environment, GIT_AUTHOR_DATE: day, GIT_COMMITTER_DATE: day };
    const { stdout } = await run(program, [...words], { cwd: folder, env, maxBuffer: 64 * 1024 ** 2 });
    return stdout;
  }

  /** Two commits on one release, so that the version is one between releases. */
  async commitRepository(): Promise<void> {
    const git = (...words: readonly string[]) => this.in(this.repository, 'git', ...words);
    await git('init', '--quiet', '--initial-branch=main');
    for (const [path, text] of Object.entries(files)) this.write(this.repository, path, text);
    await this.in(this.repository, 'go', 'mod', 'tidy');
    await git('add', '--all');
    await git('commit', '--quiet', '--message=First');
    await git('tag', 'v0.3.0');
    this.write(this.repository, 'README.md', 'A tool.\n');
    await git('add', '--all');
    await git('commit', '--quiet', '--message=Second');
  }

  write(folder: string, path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }

  /** A copy of the repository as its author has it. */
  async checkout(): Promise<string> {
    const folder = join(this.folder, `checkout-${++this.#count}`);
    await this.in(this.folder, 'git', 'clone', '--quiet', address, folder);
    return folder;
  }

  /** `go build` in a folder. */
  async build(folder: string, ...words: readonly string[]): Promise<Buffer> {
    const program = join(this.folder, `program-${++this.#count}`);
    await this.in(folder, 'go', 'build', '-o', program, ...words);
    return readFileSync(program);
  }

  /** `go install` of a module's version. */
  async install(module: string, ...flags: readonly string[]): Promise<Buffer> {
    const folder = join(this.folder, `bin-${++this.#count}`);
    mkdirSync(folder);
    await this.in(this.folder, 'env', `GOBIN=${folder}`, 'go', 'install', ...flags, module);
    return readFileSync(join(folder, readdirSync(folder)[0] ?? ''));
  }

  async remove(): Promise<void> {
    // Its folders are without the right to write.
    await this.in(this.folder, 'go', 'clean', '-modcache');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const day = '2024-05-06T07:08:09Z';
