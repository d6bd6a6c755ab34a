// A stand-in for Argo CD: a repository, an amd64 image and a release server with the names that upstream's have, around
// programs of a few lines.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { execIn, unpackDebianPackage } from './real-parts.ts';

const run = promisify(execFile);
export const argoVersion = '2.2.5';
const programs = ['argocd', 'helm', 'helm2', 'kustomize'] as const;
const architectures = ['amd64', 'arm64'] as const;
type Architecture = (typeof architectures)[number];
/** As `uname -m` has it. */
const machines: Readonly<Record<Architecture, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

function write(folder: string, path: string, text: string, mode = 0o644): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
}

const source = (name: string) => `package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println("${name}: v${argoVersion}+0123456.dirty")
	}
}
`;

/** Static programs for both machines, as `FOLDER/ARCHITECTURE/NAME`. */
export async function buildPrograms(folder: string): Promise<string> {
  for (const name of programs) {
    const module = join(folder, 'source', name);
    write(module, 'go.mod', `module example.org/${name}\n\ngo 1.21\n`);
    write(module, 'main.go', source(name));
    for (const architecture of architectures) {
      const to = join(folder, architecture, name);
      const own = {
        GOTOOLCHAIN: 'local',
        GOFLAGS: '-buildvcs=false',
        CGO_ENABLED: '0',
        GOARCH: architecture,
      };
      const env = { ...process.env, ...own, GOOS: 'linux' };
      await run('go', ['build', '-trimpath', '-o', to, '.'], { cwd: module, env });
    }
  }
  return folder;
}

/** A root with a shell, its tools and make, and a yarn that gives up at once unless it's told to be patient. */
export async function smallRoot(folder: string, architecture: Architecture): Promise<string> {
  const root = join(folder, `root-${architecture}`);
  for (const name of ['busybox-static', 'make', 'libc6'])
    cpSync(await unpackDebianPackage(folder, name, architecture), root, {
      recursive: true,
      verbatimSymlinks: true,
    });
  for (const tool of ['sh', 'cat', 'chmod', 'cp', 'grep', 'ln', 'mkdir', 'test', 'uname'])
    symlinkSync('busybox', join(root, 'bin', tool));
  write(
    root,
    'usr/local/bin/yarn',
    '#!/bin/sh\ntest "$1 $2" = "install --network-timeout" && mkdir -p dist/app\n',
    0o755,
  );
  for (const path of ['tmp', 'etc', 'proc', 'sys', 'dev']) mkdirSync(join(root, path), { recursive: true });
  return root;
}

const makefile = `BIN_NAME=argocd
DIST_DIR=dist
IMAGE_NAMESPACE?=
IMAGE_TAG?=latest
ifdef IMAGE_NAMESPACE
IMAGE_PREFIX=\${IMAGE_NAMESPACE}/
endif

.PHONY: armimage
armimage:
	docker build -t $(IMAGE_PREFIX)argocd:$(IMAGE_TAG)-arm . --build-arg BUILD_ALL_CLIS="false"

.PHONY: argocd-all
argocd-all:
	mkdir -p \${DIST_DIR}
	cp prebuilt/argocd-$(shell uname -m) \${DIST_DIR}/\${BIN_NAME}
`;

const dockerfile = `ARG BASE_IMAGE=docker.io/library/ubuntu:21.10
FROM docker.io/library/golang:1.16.11 as builder
WORKDIR /tmp
ADD hack/install.sh .
ADD hack/installers installers
ADD prebuilt prebuilt
RUN ./install.sh helm-v2.17.0-linux-arm64.tar.gz helm2
RUN ./install.sh helm-v3.7.1-linux-arm64.tar.gz helm
RUN ./install.sh kustomize_4.2.0_linux_arm64.tar.gz kustomize

FROM $BASE_IMAGE as argocd-base
COPY --from=builder /usr/local/bin/helm2 /usr/local/bin/helm2
COPY --from=builder /usr/local/bin/helm /usr/local/bin/helm
COPY --from=builder /usr/local/bin/kustomize /usr/local/bin/kustomize

FROM docker.io/library/node:12.18.4 as argocd-ui
WORKDIR /src
ADD ["ui/package.json", "./"]
RUN yarn install

FROM docker.io/library/golang:1.16.11 as argocd-build
WORKDIR /go/src/github.com/argoproj/argo-cd
COPY . .
RUN make argocd-all
ARG BUILD_ALL_CLIS=true
RUN test "$BUILD_ALL_CLIS" = false

FROM argocd-base
COPY --from=argocd-build /go/src/github.com/argoproj/argo-cd/dist/argocd* /usr/local/bin/
COPY --from=argocd-ui ./src/dist/app /shared/app
RUN ln -s /usr/local/bin/argocd /usr/local/bin/argocd-server
RUN ln -s /usr/local/bin/argocd /usr/local/bin/argocd-repo-server
CMD ["argocd-server"]
`;

/** As upstream's: what has no checksum in the list is not installed. */
const install = `#!/bin/sh
set -eux
grep -q "$1" "installers/checksums/$1.sha256"
mkdir -p /usr/local/bin
cp "prebuilt/$2-$(uname -m)" "/usr/local/bin/$2"
chmod 755 "/usr/local/bin/$2"
`;

/** The repository with its release's tag; upstream's list has checksums for amd64 alone. */
export async function argoRepository(folder: string, built: string): Promise<string> {
  write(folder, 'Makefile', makefile);
  write(folder, 'Dockerfile', dockerfile);
  write(folder, 'VERSION', `${argoVersion}\n`);
  write(folder, 'hack/install.sh', install, 0o755);
  write(folder, 'hack/installers/checksums/helm-v3.7.1-linux-amd64.tar.gz.sha256', 'of no use here\n');
  write(folder, 'ui/package.json', '{}\n');
  for (const architecture of architectures)
    for (const name of programs) {
      const to = join(folder, 'prebuilt', `${name}-${machines[architecture]}`);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(join(built, architecture, name), to);
      chmodSync(to, 0o755);
    }
  const git = (...words: readonly string[]) =>
    execIn(folder, 'git', '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words);
  await git('init', '--quiet', '--initial-branch=master');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=Release');
  await git('tag', `v${argoVersion}`);
  return folder;
}

export interface ReleaseServer {
  readonly origin: string;
  /** Of what is at a path; hexadecimal. */
  sha256(path: string): string;
  stop(): Promise<void>;
}

/** What the releases of argocd, helm and kustomize have, where they have it. */
export async function startReleases(folder: string, built: string): Promise<ReleaseServer> {
  const arm64 = join(built, 'arm64');
  mkdirSync(join(folder, 'linux-arm64'), { recursive: true });
  const files = new Map([['/argocd-linux-arm64', readFileSync(join(arm64, 'argocd'))]]);
  const pack = async (path: string, name: string, member: string) => {
    cpSync(join(arm64, name), join(folder, member));
    await execIn(folder, 'tar', '-czf', 'archive', member);
    files.set(path, readFileSync(join(folder, 'archive')));
  };
  await pack('/helm-v3.7.1-linux-arm64.tar.gz', 'helm', 'linux-arm64/helm');
  await pack('/helm-v2.17.0-linux-arm64.tar.gz', 'helm2', 'linux-arm64/helm');
  await pack('/kustomize/v4.2.0/kustomize_v4.2.0_linux_arm64.tar.gz', 'kustomize', 'kustomize');
  const server = createServer((request, response) => {
    const bytes = files.get(request.url ?? '');
    response.statusCode = bytes === undefined ? 404 : 200;
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sha256: (path) =>
      createHash('sha256')
        .update(files.get(path) ?? '')
        .digest('hex'),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A folder with the amd64 image's own layer: the programs, and links to the first. */
export function imageLayer(folder: string, built: string): string {
  const bin = join(folder, 'usr/local/bin');
  mkdirSync(bin, { recursive: true });
  for (const name of programs) cpSync(join(built, 'amd64', name), join(bin, name));
  for (const name of ['server', 'repo-server'])
    symlinkSync('/usr/local/bin/argocd', join(bin, `argocd-${name}`));
  return folder;
}
