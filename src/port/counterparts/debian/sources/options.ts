import type { AptSource, SignedBy } from './types.ts';

/** A source before its architectures, keys and switches are understood. Option names are in lower case, as in deb822. */
export interface RawSource {
  readonly file: string;
  readonly line: number;
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  readonly options: ReadonlyMap<string, string>;
  readonly snapshotUri?: string | undefined;
}

export type SourceMaking = { readonly source: AptSource } | { readonly problem: string };

const schemes = /^https?:\/\//i;

/** Understands one source; `architecture` stands in for `$(ARCH)`. `undefined` where it's switched off. */
export function makeSource(raw: RawSource, architecture: string): SourceMaking | undefined {
  const { options } = raw;
  if (isNo(options.get('enabled'))) return undefined;
  const uri = fill(raw.uri, architecture).replace(/\/+$/, '');
  if (!schemes.test(uri) || !URL.canParse(uri))
    return { problem: `the address ${shown(raw.uri)} is not one of HTTP` };
  const suite = fill(raw.suite, architecture);
  const isFlat = suite.endsWith('/');
  if (suite === '' || isFlat !== (raw.components.length === 0) || /(?:^|\/)\.\.(?:\/|$)/.test(suite))
    return { problem: `the suite "${suite}" does not fit its components` };
  const signedBy = signedByOf(options.get('signed-by'));
  return {
    source: {
      file: raw.file,
      line: raw.line,
      uri,
      suite,
      components: raw.components,
      ...limitOf(options),
      ...(signedBy === undefined ? {} : { signedBy }),
      trusted: isYes(options.get('trusted')),
      checkValidUntil: !isNo(options.get('check-valid-until')),
      ...(raw.snapshotUri === undefined ? {} : { snapshotUri: raw.snapshotUri.replace(/\/+$/, '') }),
    },
  };
}

/** Only the scheme and host: the rest may hold a password. */
function shown(uri: string): string {
  return /^[a-z+-]{1,20}:/i.exec(uri)?.[0] ?? JSON.stringify(uri.slice(0, 40));
}

function fill(text: string, architecture: string): string {
  return text.replaceAll('$(ARCH)', architecture);
}

function limitOf(options: ReadonlyMap<string, string>): Pick<AptSource, 'architectures'> {
  const words = listOf(options.get('architectures') ?? options.get('arch') ?? '');
  return words.length === 0 ? {} : { architectures: words };
}

function signedByOf(value: string | undefined): SignedBy | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  if (value.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----'))
    return { kind: 'inline', armored: value.split('\n').map(blankLine).join('\n').trim() };
  return { kind: 'named', names: listOf(value) };
}

/** A line of one dot stands for an empty one (deb822(5)). */
function blankLine(line: string): string {
  return line.trim() === '.' ? '' : line;
}

export function listOf(value: string): readonly string[] {
  return value.split(/[\s,]+/).filter((word) => word !== '');
}

/** The words apt takes for them. */
function isYes(value: string | undefined): boolean {
  return /^(?:yes|true|with|on|enable|1)$/i.test(value ?? '');
}

function isNo(value: string | undefined): boolean {
  return /^(?:no|false|without|off|disable|0)$/i.test(value ?? '');
}
