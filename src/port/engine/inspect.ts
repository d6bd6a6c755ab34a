import { platformAuditors } from '../../audit/index.ts';
import type { Digest } from '../../oci/index.ts';
import { type Inspect, type Inspection, inspectionOf } from '../../publish/index.ts';
import type { PortOptions } from '../options.ts';

/** An image that was judged before. */
export interface Known {
  readonly digest: Digest;
  readonly inspection: Inspection;
}

/** Audits what is published beside the port; what was read for the port is not read again. To be closed. */
export function openInspection(
  { cacheDirectory, noCache, environment, generation, signal, onEvent }: PortOptions,
  known: readonly Known[],
): { readonly inspect: Inspect; close(): Promise<void> } {
  const auditors = platformAuditors({
    ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
    ...(noCache === undefined ? {} : { noCache }),
    ...(environment === undefined ? {} : { environment }),
    ...(generation === undefined ? {} : { generation }),
    ...(signal === undefined ? {} : { signal }),
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  return {
    inspect: async ({ reference, repository, layers, digest, platform }) => {
      const judged = known.find((one) => one.digest === digest);
      if (judged !== undefined) return judged.inspection;
      const image = { repository, layers, subject: { digest } };
      return inspectionOf(await auditors.audit(image, { reference, platform }));
    },
    close: () => auditors.close(),
  };
}
