import type { MergedView } from '../../layer/index.ts';

const maxLines = 200;

/** What os-release says, by key (os-release(5)); a key that stands twice counts as the last one says. */
export type OsRelease = Readonly<Partial<Record<string, string>>>;

/** A file that is there, but whose content was not kept. */
export const unread = Symbol('unread');

/** The text of a file, links followed: `undefined` where there is none, `unread` where its content was not kept. */
export function readText(view: MergedView, path: string): string | typeof unread | undefined {
  const resolved = view.resolve(path);
  if (!resolved.found) return undefined;
  if (resolved.entry.entry.kind !== 'file') return undefined;
  const bytes = view.content(resolved.entry);
  return bytes === undefined ? unread : Buffer.from(bytes).toString('utf8');
}

/** `/etc/os-release`, else `/usr/lib/os-release`, as os-release(5) orders them. */
export function readOsRelease(view: MergedView): string | typeof unread | undefined {
  return readText(view, 'etc/os-release') ?? readText(view, 'usr/lib/os-release');
}

/** Reads `KEY=value` lines with the shell's quotes; whatever else is passed over. */
export function parseOsRelease(text: string): OsRelease {
  const lines = text.split('\n', maxLines).map((line) => line.trim());
  const pairs = lines.flatMap((line): [string, string][] => {
    const match = /^([A-Z][A-Z0-9_]{0,60})=(.{0,400})$/.exec(line);
    return match === null ? [] : [[match[1] ?? '', unquoted(match[2] ?? '')]];
  });
  return Object.fromEntries(pairs);
}

function unquoted(value: string): string {
  const quote = value[0];
  const isQuoted = (quote === '"' || quote === "'") && value.length > 1 && value.endsWith(quote);
  const inner = isQuoted ? value.slice(1, -1) : value;
  return quote === "'" ? inner : inner.replace(/\\(["$`\\])/g, '$1');
}
