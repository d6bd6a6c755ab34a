import { redact } from '../../../../core/index.ts';
import type { Material } from '../../../origin-types.ts';
import type { Counterpart } from '../counterparts/index.ts';

/** What a port took, for provenance. `notes` are sentences of its own. */
export function materialOf(
  counterpart: Counterpart,
  distribution: string,
  notes: readonly string[],
): Material {
  const { name, version, architecture, url, sha256, size, signers } = counterpart;
  const all = [...notes, ...counterpart.notes].map((note) => redact(note));
  return {
    ...{ origin: 'debian', name, version, architecture, sha256, size },
    uri: redact(url),
    purl: `pkg:deb/${distribution}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`,
    ...(signers.length === 0 ? {} : { signers }),
    ...(all.length === 0 ? {} : { notes: all }),
  };
}

export function matchNotes(match: Counterpart['match'], from: string): readonly string[] {
  if (match === 'same') return [];
  return [`${match === 'upgrade' ? 'upgraded' : 'rebuilt'} from ${from}`];
}
