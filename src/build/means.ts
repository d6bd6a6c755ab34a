import { type AuditorOptions, audit, platformAuditors } from '../audit/index.ts';
import { type Platform, parsePlatform } from '../oci/index.ts';
import { type Inspect, inspectionOf, publish } from '../publish/index.ts';
import type { AuditImage, PublishImage } from '../recipe/index.ts';
import type { AccessOptions } from '../registry/index.ts';
import { BuildError } from './errors.ts';

/** What a run needs of the rooms that know images. To be closed. */
export interface Means {
  readonly auditImage: AuditImage;
  /** To be called with a destination only. */
  readonly publish: PublishImage;
  close(): Promise<void>;
}

export interface MeansOptions {
  readonly access: AccessOptions;
  /** Images are published below it. */
  readonly to: string | undefined;
  readonly generation: string | undefined;
}

/** Audits the archives that a run saved, and publishes them below the person's prefix. */
export function openMeans({ access, to, generation }: MeansOptions): Means {
  const options: AuditorOptions = { ...access, ...(generation !== undefined && { generation }) };
  const auditors = platformAuditors(options);
  const inspect: Inspect = async ({ reference, repository, layers, digest, platform }) =>
    inspectionOf(await auditors.audit({ repository, layers, subject: { digest } }, { reference, platform }));
  return {
    auditImage: async (archive, platform, { signal }) => {
      const references = [`docker-archive:${archive}`];
      const result = await audit({
        ...access,
        ...options,
        ...(signal !== undefined && { signal }),
        references,
        platform: platformOf(platform),
      });
      const image = result.images[0];
      const { ok, undetermined } = inspectionOf(image);
      return {
        verdict: image?.verdict ?? 'unknown',
        why: image?.why ?? 'the audit found no image',
        ...(undetermined !== true && { ok }),
      };
    },
    publish: async ({ image, name, tag }, { signal }) => {
      const destination = `${to}/${name}:${tag ?? 'latest'}`;
      const result = await publish({
        ...access,
        destination,
        sources: [{ reference: `docker-archive:${image.archive}`, platform: platformOf(image.platform) }],
        // The name is the person's own: what it has for other platforms stays, what it has for this one gives way.
        append: true,
        inspect,
        ...(signal !== undefined && { signal }),
      });
      if (result.outcome === 'refused') throw new BuildError('IMAGE_REFUSED', result.why);
      return { reference: result.destination, digest: result.index.digest };
    },
    close: () => auditors.close(),
  };
}

function platformOf(text: string): Platform {
  const platform = parsePlatform(text);
  if (platform === undefined) throw new TypeError(`"${text}" is no platform`);
  return platform;
}
