import type { ViewEntry } from '../../../../layer/index.ts';
import type { RecordLine } from '../record.ts';
import type { WheelTag } from '../tags.ts';

/** A path of an installed distribution's RECORD. */
export interface InstalledFile {
  readonly line: RecordLine;
  /** In the image; `undefined` where the line leads out of it. */
  readonly path?: string;
  /** What is there; a symbolic link for itself. */
  readonly there?: ViewEntry;
}

/** A distribution of an image, as its dist-info folder tells. */
export interface Distribution {
  /** Normalized. */
  readonly name: string;
  readonly version: string;
  /** The folder that it's installed in, as the image has it: `usr/local/lib/python3.11/site-packages`. */
  readonly site: string;
  /** Its dist-info folder, as the image has it. */
  readonly info: string;
  readonly tags: readonly WheelTag[];
  readonly files: readonly InstalledFile[];
  /** The line ends of its RECORD. */
  readonly lineEnd: '\n' | '\r\n';
}
