import type { PortImage } from '../../../origin-types.ts';
import type { Distribution } from '../installed/types.ts';
import type { Wheel, WheelFile } from '../wheel/index.ts';

/** A distribution of the image, the wheel that it was installed from, and the one that takes its place. */
export interface Replayed {
  readonly installed: Distribution;
  readonly source: Wheel;
  readonly target: Wheel;
  /** Of `target`, by path in it. */
  readonly files: ReadonlyMap<string, WheelFile>;
}

export interface ReplayContext {
  readonly image: PortImage;
  /** Paths that others answer for. */
  readonly taken: ReadonlySet<string>;
}
