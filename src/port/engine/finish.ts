import { inspectionOf, type PublishImagesOptions, publishImages } from '../../publish/index.ts';
import type { PortResult, PublishResult } from '../../results/index.ts';
import type { Refusal } from '../origin-types.ts';
import { attach } from './attach.ts';
import { openInspection } from './inspect.ts';
import { portedImage } from './ported-repository.ts';
import { type Conclusion, portResult } from './result.ts';
import { tryOut } from './try-out.ts';
import type { Attached, Ported } from './types.ts';
import type { Workshop } from './workshop.ts';

/** Judges what was made, and publishes it where nothing speaks against it. */
export async function finishPort(workshop: Workshop, ported: Ported): Promise<PortResult> {
  const { waivers } = workshop;
  const { base, plans, made } = ported;
  const runs = await tryOut(workshop, made);
  const told = waivers.left([...base.refusals, ...plans.refusals.filter((one) => holds(one, made))]);
  const paths = new Set(told.flatMap(({ path, covers = [] }) => [path, ...covers]));
  // What an origin refuses is not told again by the audit.
  const more = made.refusals.filter(({ path }) => path === undefined || !paths.has(path));
  const refusals = [...told, ...more, ...runs.refusals];
  const known = { ...ported, runs: runs.results, refusals };
  const against = refusedWhy(refusals);
  if (against !== undefined) return portResult(workshop, { ...known, ...against });
  const attached = await attach(workshop, ported);
  const publish = await publishPort(workshop, ported, attached);
  const sources = sourceRefusals(workshop, publish);
  return portResult(workshop, {
    ...{ ...known, refusals: [...refusals, ...sources] },
    ...conclusionOf(workshop, publish),
    ...{ attached, publish },
  });
}

/** Without an audit nobody knows what is used. */
function holds({ onlyIfUsed, path }: Refusal, { audit, refusals }: Ported['made']): boolean {
  return onlyIfUsed !== true || audit === undefined || refusals.some((one) => one.path === path);
}

/** The port is right, and an image beside which it would stand isn't. */
function sourceRefusals({ options }: Workshop, publish: PublishResult | undefined): readonly Refusal[] {
  if (publish?.outcome !== 'refused') return [];
  return publish.images
    .filter(({ audit }) => audit.state === 'refused' || audit.state === 'unknown')
    .map(({ digest, platform, audit }) => ({
      kind: 'image',
      ...(audit.state === 'unknown' ? { undetermined: true as const } : {}),
      why: `${digest} for ${platform}, beside which the port would stand, is ${audit.why}`,
      lift: options.only === true ? 'Port another image.' : 'Publish the port alone with --only.',
      waivable: false,
    }));
}

function refusedWhy(refusals: readonly Refusal[]): Conclusion | undefined {
  const definite = refusals.filter(({ undetermined }) => undetermined !== true);
  const [first] = definite.length > 0 ? definite : refusals;
  if (first === undefined) return undefined;
  const shown = first.path === undefined ? first.why : `/${first.path}: ${first.why}`;
  const more = refusals.length > 1 ? ` (and ${refusals.length - 1} more)` : '';
  return { outcome: definite.length > 0 ? 'refused' : 'unknown', why: `${shown}${more}` };
}

function conclusionOf({ options }: Workshop, publish: PublishResult | undefined): Conclusion {
  if (publish === undefined)
    return { outcome: 'planned', why: 'it can be ported; nothing was published, for none was asked for' };
  switch (publish.outcome) {
    case 'published':
      return { outcome: 'published', why: `${publish.destination} has the port now` };
    case 'unchanged':
      return { outcome: 'unchanged', why: `${publish.destination} has this very port already` };
    case 'planned':
      return { outcome: 'planned', why: `it can be ported; ${options.to ?? ''} was left as it is` };
    case 'refused': {
      const isUnknown = publish.images.every(({ audit }) => audit.state !== 'refused');
      return { outcome: isUnknown ? 'unknown' : 'refused', why: `the port is right, but ${publish.why}` };
    }
  }
}

/** `undefined` where no destination was named. */
async function publishPort(
  workshop: Workshop,
  { source, base, made }: Ported,
  { attachments }: Attached,
): Promise<PublishResult | undefined> {
  const { options, access, reference, destination, target } = workshop;
  if (destination === undefined || made.image === undefined || made.audit === undefined) return undefined;
  const inspection = openInspection(options, [
    { digest: made.image.manifest.digest, inspection: { ok: true, why: portWhy(made.audit.audit.verdict) } },
    { digest: source.image.digest, inspection: inspectionOf(source.audit.audit) },
  ]);
  const port = {
    name: `the port of ${reference}`,
    image: portedImage(`the port of ${reference}`, made.image),
    platform: target,
    homeOf: homesOf({ source, base }),
  };
  const upstream = { name: reference, image: source.opened };
  const settings: PublishImagesOptions = {
    destination: await access.openWritable(destination),
    sources: options.only === true ? [port] : [upstream, port],
    attachments,
    // The port's own signature is among what is attached; upstream's images are not ours to sign.
    ...(options.sign === undefined ? {} : { sign: options.sign, signIndexOnly: true }),
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    ...(options.replaceExisting === true ? { replace: true } : {}),
    inspect: inspection.inspect,
    ...(options.dryRun === undefined ? {} : { dryRun: options.dryRun }),
    ...(options.force === undefined ? {} : { force: options.force }),
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  try {
    return await publishImages(settings);
  } finally {
    await inspection.close();
  }
}

function portWhy(verdict: string): string {
  return verdict === 'right' ? 'right: audited when it was made' : `${verdict}, as it was waived`;
}

/** The base's layers and the image's own may be mounted from where they are. */
function homesOf({ source, base }: Pick<Ported, 'source' | 'base'>): NonNullable<Source['homeOf']> {
  const homes = new Map<string, { readonly registry: string; readonly repository: string }>();
  const places = [
    ...(base.found === undefined
      ? []
      : [{ opened: base.found.opened, layers: base.found.target.manifest.layers }]),
    { opened: source.opened, layers: source.image.manifest.layers },
  ];
  for (const { opened, layers } of places) {
    const { registry, repository } = opened.subject;
    if (registry === undefined || repository === undefined) continue;
    for (const { digest } of layers) homes.set(digest, { registry, repository });
  }
  return (digest) => homes.get(digest);
}

type Source = PublishImagesOptions['sources'][number];
