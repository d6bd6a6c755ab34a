import type { AuditInHand } from '../../audit/index.ts';
import type { LayerSource, MergedView } from '../../layer/index.ts';
import type { Attachment } from '../../publish/index.ts';
import type { OpenedImage } from '../../registry/index.ts';
import type { Account, AccountTotals } from '../account.ts';
import type { AssembledLayers } from '../assembly/index.ts';
import type { PortableImage } from '../base/index.ts';
import type { Material, PlacedAddition, Refusal } from '../origin-types.ts';
import type { PathPlan } from '../plan-types.ts';
import type { PortBase } from './bases.ts';
import type { NewImage } from './new-image.ts';

/** The source image, read whole. */
export interface ReadSource {
  readonly image: PortableImage;
  readonly opened: OpenedImage;
  readonly layers: readonly LayerSource[];
  readonly view: MergedView;
  /** Of the source, for its own platform. */
  readonly audit: AuditInHand;
}

/** Everything that is known when the new image is there, or can't be. */
export interface Ported {
  readonly source: ReadSource;
  readonly base: PortBase;
  readonly plans: JoinedPlans;
  readonly made: PutTogether;
}

/** The new image, with all that speaks against it; without it where the layers can't be put together. */
export interface PutTogether {
  readonly image?: NewImage;
  readonly view?: MergedView;
  readonly assembled?: AssembledLayers;
  readonly account: Account;
  readonly totals: AccountTotals;
  readonly audit?: AuditInHand;
  readonly refusals: readonly Refusal[];
}

/** What all origins say together. */
export interface JoinedPlans {
  /** By visible path. */
  readonly paths: ReadonlyMap<string, PathPlan>;
  readonly added: readonly PlacedAddition[];
  readonly refusals: readonly Refusal[];
  readonly materials: readonly Material[];
  readonly notes: readonly string[];
  /** Paths of the new image with foreign code that belongs there. */
  readonly vouched: ReadonlySet<string>;
}

export interface Attached {
  readonly attachments: readonly Attachment[];
}
