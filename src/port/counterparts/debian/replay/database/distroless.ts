import { bytesOfLines } from '../../../shared/replay/made-content.ts';
import { fieldOf } from '../../control.ts';
import { imageFile } from '../../image-text.ts';
import { withField } from './package-paragraph.ts';
import { planText } from './planned-text.ts';
import type { DatabaseParts } from './status.ts';

/** Rewrites the records of distroless images: the control file of each package, and its sums, as the package has them. */
export function planDistroless(parts: DatabaseParts): void {
  const { draft, names } = parts;
  for (const [installed, standing] of parts.standings) {
    const { recordedIn } = installed;
    if (!recordedIn.includes('/status.d/')) continue;
    const file = imageFile(draft.image.view, recordedIn);
    if (file.kind !== 'read') continue;
    if (standing.kind === 'replayed') {
      const { control } = standing.by.stored;
      const now = control.files.get('control') ?? file.bytes;
      planText(draft, recordedIn, { before: file.bytes, now });
      const sums = control.files.get('md5sums') ?? bytesOfLines([]);
      const path = installed.infoFiles.get('md5sums');
      const before = path === undefined ? undefined : imageFile(draft.image.view, path);
      if (before?.kind === 'read') planText(draft, before.path, { before: before.bytes, now: sums });
    } else if (
      standing.kind === 'left-over' &&
      fieldOf(installed.paragraph, 'Architecture') === names.source
    ) {
      const text = withField(Buffer.from(file.bytes).toString('latin1'), 'Architecture', names.target);
      planText(draft, recordedIn, { before: file.bytes, now: Buffer.from(text, 'latin1') });
    }
  }
}
