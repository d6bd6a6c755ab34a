import type { MergedView, ViewEntry } from '../../layer/index.ts';
import type { Subject } from '../types.ts';
import { respelled } from './machine-words.ts';

/** Longer ones are not looked at. */
const maxPath = 1_024;
const url = /[a-z][a-z0-9+.-]{0,15}:\/\/[^\s"'`]*/gi;
/** What makes a path depend on more than its text. */
const undecided = /[$*?{}%\\…"'`]/;
const closing: ReadonlySet<string> = new Set([')', ']', '}', '"', "'", '`']);
/** What is there is the host's, or made when the container starts. */
const mounted = ['/proc', '/sys', '/dev', '/run', '/tmp'];

/** What is at a path of the image. `unknown`: something may be mounted there, or the links have no end. */
export type PathState =
  | { readonly kind: 'there'; readonly entry: ViewEntry }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown' };

/**
 * The absolute paths in a variable's value or a line of a script: elements of search paths, `-L/usr/lib`, `name=/path`.
 * Left out: those of URLs, and those with variables or patterns in them.
 */
export function absolutePathsIn(text: string): readonly string[] {
  const pieces = text.replace(url, ' ').split(/[\s=:;,(<>|&]/);
  return pieces.flatMap((piece) => (piece.length > maxPath ? [] : pathOf(piece)));
}

function pathOf(piece: string): readonly string[] {
  const opened = piece.replace(/^(?:-[A-Za-z](?=\/))?[-"'`[]*/, '');
  let end = opened.length;
  while (end > 0 && closing.has(opened[end - 1] ?? '')) end -= 1;
  const path = opened.slice(0, end);
  // `/usr/bin/x86_64-linux-gnu-` is what names begin with.
  return path.startsWith('/') && !undecided.test(path) && !path.endsWith('-') ? [path] : [];
}

/** A question that settles what is at absolute paths of an image. */
export function pathStates({ view, run }: Subject): (path: string) => PathState {
  const places = new Set([...mounted, ...run.volumes.map(withoutEndSlash)]);
  return (path) => {
    if (isUnder(places, path)) return { kind: 'unknown' };
    const resolved = view.resolve(path);
    if (resolved.found) return { kind: 'there', entry: resolved.entry };
    return { kind: resolved.reason === 'too-many-links' ? 'unknown' : 'missing' };
  };
}

function isUnder(places: ReadonlySet<string>, path: string): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
    if (places.has(path.slice(0, end))) return true;
  return places.has('');
}

function withoutEndSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The path's equal for the platform, where there is one in the image. */
export function counterpartOf({ view, platform }: Subject, path: string): string | undefined {
  return respelled(path, platform).find((candidate) => candidate !== path && view.resolve(candidate).found);
}

/** The text of a kept file; `undefined` where there is none, or it was not kept. */
export function textAt(view: MergedView, path: string): { entry: ViewEntry; text: string } | undefined {
  const found = fileAt(view, path);
  return found && { entry: found.entry, text: Buffer.from(found.bytes).toString('latin1') };
}

/** The content of a kept file, links followed. */
export function fileAt(view: MergedView, path: string): { entry: ViewEntry; bytes: Uint8Array } | undefined {
  const resolved = view.resolve(path);
  if (!resolved.found) return undefined;
  const bytes = view.content(resolved.entry);
  return bytes && { entry: resolved.entry, bytes };
}
