import { redact } from '../../core/index.ts';
import { runsNatively } from '../native.ts';
import type { ForeignCode, LayerOrigin, Subject } from '../types.ts';
import type { CauseParts, Evidence, ForeignLayer } from './types.ts';

const maxLine = 200;

/** Gathers what is, or may be, used of other machines by the layers that give it. */
export function evidenceOf(subject: Subject, { foreign, ...parts }: CauseParts): Evidence {
  const used = foreign.filter(({ verdict }) => verdict === 'reachable' || verdict === 'unknown');
  const layers = layersOf(
    subject,
    used.filter(({ os }) => os === subject.platform.os || os === 'any'),
  );
  const base = layers.length === 0 ? undefined : baseOf(subject, layers);
  return {
    subject,
    layers,
    architectures: new Set(layers.flatMap(({ architectures }) => [...architectures])),
    ...parts,
    ...(base === undefined ? {} : { base }),
  };
}

function layersOf(subject: Subject, used: readonly ForeignCode[]): readonly ForeignLayer[] {
  const byLayer = new Map<number, ForeignCode[]>();
  for (const code of used) {
    const others = byLayer.get(code.entry.contentLayer);
    if (others === undefined) byLayer.set(code.entry.contentLayer, [code]);
    else others.push(code);
  }
  return [...byLayer]
    .sort(([left], [right]) => left - right)
    .flatMap(([index, code]) => {
      const origin = subject.layers[index];
      if (origin === undefined) return [];
      const architectures = new Set(code.map(({ architecture }) => architecture));
      return [{ index, origin, code, architectures, isCopied: isCopied(origin) }];
    });
}

/** What every userland has, by the beginnings of its names: loader, C library, shell. */
const userland = ['ld-', 'ld64.', 'libc.', 'libc-', 'busybox', 'bash', 'dash', 'sh'];

/** The lowest layer with machine code comes from the base where it holds a userland, unless a `COPY` made it. */
function baseOf({ view, platform }: Subject, [lowest]: readonly ForeignLayer[]): ForeignLayer | undefined {
  if (lowest === undefined || lowest.isCopied || !lowest.code.some(isUserland)) return undefined;
  for (const { entry, contentLayer } of view.entries()) {
    if (contentLayer > lowest.index || entry.facts?.kind !== 'elf') continue;
    const { architecture = 'unknown' } = entry.facts.elf;
    if (runsNatively({ os: 'linux', architecture }, platform)) return undefined;
  }
  return lowest;
}

function isUserland({ entry, innerPath }: ForeignCode): boolean {
  const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
  return innerPath === '' && userland.some((start) => name.startsWith(start));
}

/** BuildKit writes `COPY … # buildkit`, the older builder `/bin/sh -c #(nop) COPY …`. */
function isCopied({ createdBy = '' }: LayerOrigin): boolean {
  return /^(?:\/bin\/sh -c #\(nop\)\s{1,4})?COPY\s/.test(createdBy);
}

/** The layer as people find it again: the start of its digest, and the line that made it. */
export function nameOf({ origin }: ForeignLayer): string {
  const digest = origin.descriptor.digest.slice(0, 'sha256:'.length + 12);
  return origin.createdBy === undefined ? `layer ${digest}` : `layer ${digest} (${shown(origin.createdBy)})`;
}

/** A line of the history on one line, without secrets, shortened. */
export function shown(line: string): string {
  const flat = redact(line).replace(/\s+/g, ' ').trim();
  return flat.length <= maxLine ? flat : `${flat.slice(0, maxLine - 1)}…`;
}

/** `amd64`, or `amd64 and 386`. */
export function listOf(architectures: ReadonlySet<string>): string {
  return [...architectures].join(' and ');
}
