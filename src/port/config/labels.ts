import type { Digest } from '../../oci/index.ts';
import { type Adapted, type Merging, mergeNamed, type Three } from './merge.ts';

/** Image-spec annotations.md: the digest of the image's base. */
const baseDigestKey = 'org.opencontainers.image.base.digest';

type Labels = ReadonlyMap<string, string>;

/**
 * Merges labels by name. One that is called `architecture` and is an architecture's name gets the new one's, in the same
 * spelling (Red Hat's images have it); others are texts about the image and stay.
 */
export function mergeLabels(merging: Merging, three: Three<Labels>, baseDigest: Digest | undefined): Labels {
  const adapt = (member: string, value: string): Adapted<string> => {
    const name = member.slice('config.Labels.'.length);
    if (name === baseDigestKey && baseDigest !== undefined) return { value: baseDigest };
    if (/(?:^|[._/-])arch(?:itecture)?$/i.test(name))
      return { value: merging.words.counterpart(value) ?? value };
    if (/(?:^|[._/-])platform$/i.test(name)) return { value: platformFor(merging, value) };
    return { value };
  };
  return mergeNamed(merging, 'config.Labels', { three, adapt });
}

function platformFor({ words }: Merging, value: string): string {
  const [os = '', architecture = '', ...rest] = value.split('/');
  const counterpart = words.counterpart(architecture);
  // A variant (`v2`) is one of the old architecture.
  return counterpart === undefined || rest.length > 1 ? value : `${os}/${counterpart}`;
}
