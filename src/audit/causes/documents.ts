import { formatPlatform, type Platform } from '../../oci/index.ts';
import type { Cause, Evidence } from './types.ts';

/** Documents that contradict each other. */
export function contradiction({ subject, labels, architectures }: Evidence): readonly Cause[] {
  const { platform } = subject;
  const { config, index } = labels;
  if (config !== undefined && !isSame(config, platform)) {
    const says = formatPlatform(config);
    const text = architectures.has(config.architecture)
      ? `its own config says ${says}: likely an image for ${says} was put under ${formatPlatform(platform)} (docker manifest annotate, or a build without --platform)`
      : `its config says ${says}: likely it was made on another machine or kept from a template (docker build without --platform, then docker manifest annotate)`;
    return [{ text, layers: [] }];
  }
  if (index === undefined || isSame(index, platform)) return [];
  const text = `the index says ${formatPlatform(index)}: likely its entry was annotated by hand, or by the default of a tool`;
  return [{ text, layers: [] }];
}

/** Bytes don't tell variants. */
function isSame(left: Platform, right: Platform): boolean {
  return left.os === right.os && left.architecture === right.architecture;
}
