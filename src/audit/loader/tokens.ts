/** What stands in for the tokens of a search path (ld.so(8), "Dynamic string tokens"). */
export interface TokenValues {
  readonly origin: string;
  readonly lib: string;
  /** Absent where it depends on the processor that runs it. */
  readonly platform?: string;
}

export type Expansion =
  | { readonly path: string; readonly usesOrigin: boolean }
  /** A token without a value: the path can't be told. */
  | { readonly unknown: string };

const tokens = /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))/g;

/** Replaces `$ORIGIN`, `${ORIGIN}` and so on; what is no token stays as it is. */
export function expandTokens(text: string, values: TokenValues): Expansion {
  if (!text.includes('$')) return { path: text, usesOrigin: false };
  let unknown: string | undefined;
  let usesOrigin = false;
  const path = text.replaceAll(tokens, (token: string, curly?: string, plain?: string) => {
    const name = curly ?? plain;
    if (name === 'LIB') return values.lib;
    if (name === 'ORIGIN') {
      usesOrigin = true;
      return values.origin;
    }
    if (values.platform === undefined) unknown = token;
    return values.platform ?? '';
  });
  return unknown === undefined ? { path, usesOrigin } : { unknown };
}
