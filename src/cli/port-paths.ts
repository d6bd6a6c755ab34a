import { UsageError } from '../core/index.ts';
import type { NamedReplacement, Waiver } from '../port/index.ts';
import { checkReadable } from './port-files.ts';
import { present } from './settings.ts';

interface Assignment {
  readonly path: string;
  readonly value: string;
}

/**
 * Reads what `--replace` says: `PATH=FILE` or `PATH=ADDRESS#sha256:HEX`, with `!/MEMBER` behind for a file in an archive.
 * @throws UsageError `USAGE` for a path, a file, an address or a hash that can't be one.
 */
export async function readReplacements(
  texts: readonly string[],
  cwd: string,
): Promise<readonly NamedReplacement[]> {
  const replacements: NamedReplacement[] = [];
  for (const { path, value } of readAssignments(texts, '--replace', 'FILE'))
    replacements.push(await readReplacement(path, value, cwd));
  return replacements;
}

async function readReplacement(path: string, value: string, cwd: string): Promise<NamedReplacement> {
  const [, outer = value, member = ''] = /^(.*?)(!\/.*)$/s.exec(value) ?? [];
  const [mark = '', named, bare] = /#(?:sha256:(.*)|([0-9a-f]{64}))$/is.exec(outer) ?? [];
  const from = outer.slice(0, outer.length - mark.length);
  const hash = named ?? bare;
  const sha256 = hash === undefined ? undefined : readHash(path, hash);
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(from)) {
    const file = await checkReadable(from, { directory: cwd, origin: `what --replace ${path} names:` });
    return { path, from: `${file}${member}`, ...present({ sha256 }) };
  }
  if (!isSafeAddress(from))
    throw new UsageError('USAGE', `--replace ${path} names "${from}", which is not an https address`);
  if (sha256 === undefined)
    throw new UsageError('USAGE', `--replace ${path} names an address without a hash`, {
      hint: `Write --replace ${path}=${from}#sha256:HEX; what an address gives can change, and the hash says what is meant.`,
    });
  return { path, from: `${from}${member}`, sha256 };
}

/** https, and http of this machine. */
function isSafeAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'https:' || (protocol === 'http:' && /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname))
  );
}

function readHash(path: string, hash: string): string {
  if (/^[0-9a-f]{64}$/i.test(hash)) return hash.toLowerCase();
  throw new UsageError('USAGE', `--replace ${path} has the hash "${hash}", which is not a SHA-256`, {
    hint: 'A SHA-256 has 64 hexadecimal digits.',
  });
}

/**
 * Reads what `--waive` says: `PATH=REASON`.
 * @throws UsageError `USAGE` for a path that can't be one, or a reason that is empty.
 */
export function readWaivers(texts: readonly string[]): readonly Waiver[] {
  return readAssignments(texts, '--waive', 'REASON').map(({ path, value }) => {
    const reason = value.trim();
    if (reason !== '') return { path, reason };
    throw new UsageError('USAGE', `--waive ${path} gives no reason`, {
      hint: 'The reason is written into the account and the provenance, so that others can judge it.',
    });
  });
}

/**
 * Reads what `--go-ldflags` says: `PATH=FLAGS`.
 * @throws UsageError `USAGE` for a path that can't be one, or without flags.
 */
export function readLinkFlags(texts: readonly string[]): Readonly<Record<string, string>> {
  const assignments = readAssignments(texts, '--go-ldflags', 'FLAGS');
  return Object.fromEntries(assignments.map(({ path, value }) => [path, value]));
}

function readAssignments(texts: readonly string[], option: string, what: string): readonly Assignment[] {
  const assignments = texts.map((text) => readAssignment(text, option, what));
  const paths = assignments.map(({ path }) => path);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice === undefined) return assignments;
  throw new UsageError('USAGE', `${option} names ${twice} twice`);
}

function readAssignment(text: string, option: string, what: string): Assignment {
  const hint = `Write it like ${option} /usr/bin/tool=${what}.`;
  const equals = text.indexOf('=');
  if (equals < 0) throw new UsageError('USAGE', `${option} "${text}" is not PATH=${what}`, { hint });
  const path = text.slice(0, equals);
  const value = text.slice(equals + 1);
  const problem = problemOf(path);
  if (problem !== undefined)
    throw new UsageError('USAGE', `${option} "${path}" is not a path in the image: ${problem}`, { hint });
  if (value === '')
    throw new UsageError('USAGE', `${option} ${path}= names no ${what.toLowerCase()}`, { hint });
  return { path, value };
}

function problemOf(path: string): string | undefined {
  if (!path.startsWith('/')) return 'it does not start with /';
  if (path.includes('\0')) return 'it has a NUL';
  const parts = path.slice(1).split('/');
  if (parts.includes('.') || parts.includes('..')) return 'it has . or .. in it';
  return parts.includes('') ? 'a name in it is empty' : undefined;
}
