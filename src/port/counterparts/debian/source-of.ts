import { fieldOf, type Paragraph } from './control.ts';

/** The source package that a binary package was built from. */
export interface SourcePackage {
  readonly name: string;
  readonly version: string;
}

/**
 * The field `Source`, `name (version)`; its version is the package's own unless told, its name too (Debian Policy
 * 5.6.1).
 */
export function sourceOf(paragraph: Paragraph, own: SourcePackage): SourcePackage {
  const match = /^([^\s()]+)(?:\s+\(([^\s()]+)\))?$/.exec(fieldOf(paragraph, 'Source') ?? '');
  return { name: match?.[1] ?? own.name, version: match?.[2] ?? own.version };
}
