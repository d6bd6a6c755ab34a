import type { View } from '../bytes.ts';
import type { GoFacts } from '../facts.ts';
import { fileOffset } from './dynamic.ts';
import { type ElfHeader, fieldsOf, type Segment, segmentTypes } from './header.ts';

/** The first 14 bytes of the build information (Go's `debug/buildinfo`), which is aligned to 16. */
export const goMagic = Buffer.from('\xff Go buildinf:', 'latin1');
const searchBytes = 1024 * 1024;
const maxText = 1024 * 1024;
const maxSettings = 128;
const maxSettingText = 4_096;
const maxReplaced = 32;
const maxKeptText = 128 * 1024;

export interface GoInput {
  readonly view: View;
  readonly header: ElfHeader;
  readonly segments: readonly Segment[];
  /** Places to look at first: the section `.go.buildinfo`, or where the magic was seen in the stream. */
  readonly places: readonly number[];
}

/** `absent`: no Go program. `unread`: one, but its build information could not be read. */
export function readGo(input: GoInput): GoFacts | 'absent' | 'unread' {
  const { view, segments } = input;
  const data = segments.find(({ type, flags }) => type === segmentTypes.load && (flags & 3) === 2);
  const at = input.places.find((place) => magicAt(view, place)) ?? searchMagic(view, data?.offset);
  if (at === undefined) return input.places.length > 0 ? 'unread' : 'absent';
  const texts = readTexts(input, at);
  return texts === undefined ? 'unread' : describe(texts[0], texts[1]);
}

function magicAt(view: View, place: number): boolean {
  return view.read(place, goMagic.length)?.equals(goMagic) === true;
}

/** Without sections, Go's own reader looks into the writable data. */
function searchMagic(view: View, start: number | undefined): number | undefined {
  if (start === undefined) return undefined;
  const bytes = view.readSome(start, searchBytes);
  let at = bytes.indexOf(goMagic);
  while (at >= 0 && (start + at) % 16 !== 0) at = bytes.indexOf(goMagic, at + 1);
  return at < 0 ? undefined : start + at;
}

/** The version and the module information, as texts. */
function readTexts(input: GoInput, at: number): readonly [version: string, modules: string] | undefined {
  const head = input.view.read(at, 32);
  if (head === undefined) return undefined;
  const flags = head[15] ?? 0;
  // Since Go 1.18 the texts stand behind the head, each with its length before it.
  if ((flags & 2) !== 0) {
    const version = inlineText(input.view, at + 32);
    const modules = version && inlineText(input.view, version.end);
    return version && modules ? [version.text, modules.text] : undefined;
  }
  // Before, the head held two pointers to Go strings, each a pointer and a length.
  const size = head[14];
  if (size !== input.header.bits / 8) return undefined;
  const fields = fieldsOf(head, { ...input.header, endian: (flags & 1) === 1 ? 'big' : 'little' });
  const version = pointedText(input, fields.word(16));
  const modules = pointedText(input, fields.word(16 + size));
  return version === undefined ? undefined : [version, modules ?? ''];
}

function inlineText(view: View, at: number): { readonly text: string; readonly end: number } | undefined {
  const bytes = view.readSome(at, 5);
  let length = 0;
  for (const [index, byte] of bytes.entries()) {
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte >= 0x80) continue;
    if (length > maxText) return undefined;
    const text = view.read(at + index + 1, length);
    return text && { text: text.toString('latin1'), end: at + index + 1 + length };
  }
  return undefined;
}

function pointedText(input: GoInput, address: number): string | undefined {
  const at = fileOffset(input.segments, address);
  const bytes = at === undefined ? undefined : input.view.read(at, input.header.bits / 4);
  if (bytes === undefined) return undefined;
  const fields = fieldsOf(bytes, input.header);
  const length = fields.word(input.header.bits / 8);
  const start = fileOffset(input.segments, fields.word(0));
  if (start === undefined || length > maxText) return undefined;
  return input.view.read(start, length)?.toString('latin1');
}

function describe(version: string, framed: string): GoFacts | 'unread' {
  if (!/^(go1|devel)[ -~]{0,200}$/.test(version)) return 'unread';
  // The module information stands between two marks of 16 bytes.
  const isFramed = framed.length >= 33 && framed.at(-17) === '\n';
  const whole = isFramed ? Buffer.from(framed, 'latin1').toString('utf8', 16, framed.length - 16) : '';
  const lines = isFramed ? whole.split('\n') : [];
  const facts = { path: '', settings: [] as [string, string][], dependencies: 0, replaced: [] as string[] };
  let module: GoFacts['module'];
  let last = '';
  for (const line of lines) {
    const [kind = '', first = '', second = '', third] = line.split('\t', 4);
    if (kind === 'path') facts.path = first;
    else if (kind === 'mod') module = { path: first, version: second, ...(third ? { sum: third } : {}) };
    else if (kind === 'dep') facts.dependencies += 1;
    else if (kind === '=>' && facts.replaced.length < maxReplaced)
      facts.replaced.push(`${last} => ${`${first} ${second}`.trim()}`.slice(0, maxSettingText));
    else if (kind === 'build' && facts.settings.length < maxSettings)
      facts.settings.push(settingOf(line.slice(6)));
    if (kind === 'dep' || kind === 'mod') last = `${first} ${second}`.trim();
  }
  return {
    version,
    ...(facts.path === '' ? {} : { path: facts.path }),
    ...(module === undefined ? {} : { module }),
    dependencies: facts.dependencies,
    ...(facts.replaced.length === 0 ? {} : { replaced: facts.replaced }),
    settings: facts.settings,
    ...(isFramed && framed.length <= maxKeptText ? { text: whole } : {}),
  };
}

/** `key=value`, either of them quoted as a Go string where it holds odd characters. */
function settingOf(text: string): [string, string] {
  const cut = text.slice(0, maxSettingText);
  const quoted = /^("(?:[^"\\]|\\.)*"|`[^`]*`)=/.exec(cut)?.[1];
  const keyEnd = quoted === undefined ? cut.indexOf('=') : quoted.length;
  if (keyEnd < 0) return [cut, ''];
  return [unquote(cut.slice(0, keyEnd)), unquote(cut.slice(keyEnd + 1))];
}

function unquote(text: string): string {
  if (text.startsWith('`') && text.endsWith('`') && text.length > 1) return text.slice(1, -1);
  if (!text.startsWith('"')) return text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
