import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exec } from './real-parts.ts';

/** How a program was called. */
export interface Call {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A folder for the front of a path: the programs in it note how they were called, and become the real ones. While a call is
 * held, the next that begins like it waits before that.
 */
export class ProgramRecorder {
  readonly folder: string;
  readonly #log: string;
  readonly #hold: string;

  private constructor(folder: string) {
    this.folder = join(folder, 'bin');
    this.#log = join(folder, 'calls');
    this.#hold = join(folder, 'hold');
  }

  /** @param path where the real ones are looked up, and what the noting itself is done with */
  static async create(folder: string, names: readonly string[], path: string): Promise<ProgramRecorder> {
    const recorder = new ProgramRecorder(folder);
    mkdirSync(recorder.folder, { recursive: true });
    writeFileSync(recorder.#log, '');
    for (const name of names) {
      const real = (await exec('env', `PATH=${path}`, 'sh', '-c', `command -v ${name}`)).trim();
      const file = join(recorder.folder, name);
      writeFileSync(file, recorder.#script(name, real));
      chmodSync(file, 0o755);
    }
    return recorder;
  }

  #script(name: string, real: string): string {
    return `#!/bin/sh
p=/proc/$$
printf '%s %s %s\\n' "$(base64 -w0 <$p/cmdline)" "$(readlink $p/cwd | base64 -w0)" "$(base64 -w0 <$p/environ)" >>'${this.#log}'
while read -r held <'${this.#hold}'; do
  case "${name} $*" in "$held"*) sleep 0.05 ;; *) break ;; esac
done 2>/dev/null
exec '${real}' "$@"
`;
  }

  /** In the order in which they were begun. */
  calls(): readonly Call[] {
    return readFileSync(this.#log, 'utf8').split('\n').filter(Boolean).map(parseCall);
  }

  /** Those that begin with these words, a blank between them. */
  callsOf(text: string): readonly Call[] {
    return this.calls().filter(({ words }) => words.join(' ').startsWith(text));
  }

  /** Other users' calls are noted as well. */
  share(): void {
    chmodSync(this.#log, 0o666);
  }

  forget(): void {
    writeFileSync(this.#log, '');
  }

  /** From here on the calls that begin with these words wait. */
  hold(text: string): void {
    writeFileSync(`${this.#hold}.new`, `${text}\n`);
    renameSync(`${this.#hold}.new`, this.#hold);
  }

  release(): void {
    rmSync(this.#hold, { force: true });
  }
}

/** What the kernel has of the shell that reads the script: its own name, the script's, and what that is given. */
function parseCall(line: string): Call {
  const [words = [], cwd = [], environment = []] = line.split(' ').map((field) =>
    Buffer.from(field, 'base64')
      .toString('utf8')
      .replace(/[\0\n]$/, '')
      .split('\0'),
  );
  const [, script = '', ...rest] = words;
  const pairs = environment.map((text) => [
    text.slice(0, text.indexOf('=')),
    text.slice(text.indexOf('=') + 1),
  ]);
  return {
    words: [basename(script), ...rest],
    cwd: cwd[0] ?? '',
    environment: Object.fromEntries(pairs) as Record<string, string>,
  };
}
