import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exec, execIn } from './real-parts.ts';

/** An npm package whose tarball has prebuilt modules for seven systems and machines. */
const npmPackage = 'classic-level@2.0.0';
/** A jar with JNI libraries for two dozen of them. */
const jar = 'org.xerial:sqlite-jdbc:3.46.1.3';

/** Puts the npm package below `node_modules` of a folder, by npm itself. */
export async function addNpmPackage(folder: string): Promise<void> {
  const target = join(folder, 'node_modules/classic-level');
  mkdirSync(target, { recursive: true });
  await execIn(folder, 'npm', 'pack', npmPackage, '--silent');
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack made no tarball of ${npmPackage}`);
  await exec('tar', '-xzf', join(folder, tarball), '-C', target, '--strip-components=1', '--no-same-owner');
  rmSync(join(folder, tarball));
}

/** Puts the jar into `lib` of a folder, by Maven itself. */
export async function addJar(folder: string): Promise<void> {
  mkdirSync(join(folder, 'lib'), { recursive: true });
  await execIn(folder, 'mvn', '-q', '-B', 'dependency:copy', `-Dartifact=${jar}`, '-DoutputDirectory=lib');
}

const helloSource = `package main

import (
	"fmt"
	"net/http"
)

func main() {
	fmt.Println("hello", http.StatusOK)
}
`;

/** Builds a static program with Go, at `path`. */
export async function buildGoProgram(folder: string, path: string): Promise<void> {
  const source = join(folder, 'hello.go');
  writeFileSync(source, helloSource);
  const variables = ['GOOS=linux', 'GOARCH=arm64', 'CGO_ENABLED=0', 'GOTOOLCHAIN=local', 'GOFLAGS=-trimpath'];
  await execIn(folder, 'env', ...variables, 'go', 'build', '-o', path, 'hello.go');
  rmSync(source);
}
