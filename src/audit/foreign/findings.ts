import type { FileFacts } from '../../binary/index.ts';
import type { LayerEntry } from '../../layer/index.ts';
import type { Finding, Severity } from '../../results/index.ts';
import { findingAt } from '../finding.ts';
import type { ForeignCode, Subject } from '../types.ts';
import { isEmbedded } from './rules/embedded.ts';
import { firstName, isGzip } from './twins.ts';

/** Unknown, and still no more than a note: nothing speaks for its being used. */
const quietRoles: ReadonlySet<string> = new Set(['embedded-code', 'data', 'other-system']);

const nouns: ReadonlyMap<string | undefined, string> = new Map([
  ['macho', 'Mach-O program'],
  ['library', 'static library'],
  ['wasm', 'part of a WebAssembly module'],
]);

/** What people are told of foreign code: a finding each, in the order given. */
export function foreignFindings(subject: Subject, codes: readonly ForeignCode[]): readonly Finding[] {
  const factsOf = factsReader();
  return codes.map((code) => {
    const { entry, innerPath, verdict, role, because } = code;
    const what = isEmbedded(code) ? 'ELF header inside other data' : nounOf(factsOf(entry.entry, innerPath));
    const found = `${article(code.architecture)} ${code.architecture} ${what}${code.os === subject.platform.os || code.os === 'any' ? '' : ` for ${code.os}`}`;
    const shared = { severity: severityOf(code), found, why: because };
    const expected = `${subject.platform.architecture} machine code`;
    const text =
      role === 'misnamed-archive'
        ? {
            kind: 'misnamed-archive',
            verdict,
            role: 'package-file',
            ...shared,
            expected: `${expected}, as its name says`,
          }
        : { kind: 'foreign-code', verdict, role, ...shared, expected };
    return findingAt(subject, text, entry, shownPath(code));
  });
}

/** A compressed tar is one archive to people: `x.tar.gz!/tool`, not `x.tar.gz!/x.tar!/tool`. */
function shownPath({ entry, innerPath }: ForeignCode): string {
  const first = firstName(innerPath);
  return isGzip(entry.entry) && first !== innerPath ? innerPath.slice(first.length + 2) : innerPath;
}

function severityOf({ verdict, role }: ForeignCode): Severity {
  if (verdict === 'reachable') return 'error';
  return verdict === 'unknown' && !quietRoles.has(role) ? 'warning' : 'note';
}

/** The facts of a file in an archive, found by its path; each archive's list is read once. */
function factsReader(): (entry: LayerEntry, innerPath: string) => FileFacts | undefined {
  const inner = new Map<LayerEntry, ReadonlyMap<string, FileFacts>>();
  return (entry, innerPath) => {
    if (innerPath === '') return entry.facts;
    const known =
      inner.get(entry) ?? new Map((entry.facts?.nested ?? []).map(({ path, facts }) => [path, facts]));
    inner.set(entry, known);
    return known.get(innerPath);
  };
}

function nounOf(facts: FileFacts | undefined): string {
  if (facts?.kind === 'elf') return elfNoun(facts.elf.linkage);
  if (facts?.kind === 'pe') return facts.pe.managed === 'ready-to-run' ? '.NET assembly' : 'PE program';
  return nouns.get(facts?.kind) ?? 'file of machine code';
}

function elfNoun(linkage: Extract<FileFacts, { kind: 'elf' }>['elf']['linkage']): string {
  switch (linkage) {
    case 'shared-library':
      return 'ELF library';
    case 'object':
      return 'ELF object file';
    case 'core':
      return 'core dump';
    case 'debug-only':
      return 'ELF file of debug symbols';
    case 'unknown':
      return 'ELF file';
    case 'dynamic':
    case 'static':
    case 'static-pie':
      return 'ELF program';
  }
}

function article(word: string): string {
  return /^(?:[aeiou]|s390)/.test(word) ? 'an' : 'a';
}
