import { compareText } from '../core/index.ts';
import {
  type FleetImage,
  type FleetMapping,
  type FleetOutcome,
  type FleetResult,
  fleetOutcomes,
  fleetSchemaVersion,
  type ImageResult,
} from '../results/index.ts';
import { originsOf, type PortedOne } from './port-one.ts';

export interface Around {
  readonly left: readonly ImageResult[];
  readonly prefix: string | undefined;
  readonly platform: string;
  readonly dryRun: boolean;
  readonly problems: FleetResult['problems'];
}

/** The document of a fleet that was ported, in its one order. */
export function resultOf(ported: readonly PortedOne[], around: Around): FleetResult {
  const { left, prefix, platform, dryRun, problems } = around;
  const images = ported.map(({ image }) => image).sort(byReference);
  return {
    schemaVersion: fleetSchemaVersion,
    platform,
    ...(prefix === undefined ? {} : { prefix }),
    dryRun,
    summary: {
      images: images.length,
      outcomes: countOutcomes(images),
      resumed: images.filter(({ resumed }) => resumed).length,
      left: left.length,
      origins: originsOf(ported.flatMap(({ materials }) => materials)),
      problems: problems.length,
    },
    images,
    left: left
      .map(({ reference, written, readiness }) => ({ reference, written, readiness }))
      .sort(byReference),
    mapping: images.flatMap(mappingOf),
    problems: [...problems],
  };
}

function byReference(left: Pick<FleetImage, 'reference'>, right: Pick<FleetImage, 'reference'>): number {
  return compareText(left.reference, right.reference);
}

function countOutcomes(images: readonly FleetImage[]): Record<FleetOutcome, number> {
  const counts = Object.fromEntries(fleetOutcomes.map((outcome) => [outcome, 0])) as Record<
    FleetOutcome,
    number
  >;
  for (const { outcome } of images) counts[outcome] += 1;
  return counts;
}

function mappingOf({ reference, written, destination, index }: FleetImage): FleetMapping[] {
  if (destination === undefined || index === undefined) return [];
  return [{ from: reference, written, to: destination, digest: index }];
}
