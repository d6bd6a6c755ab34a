import type { Fetch } from '../../fetch/index.ts';
import type { JavaSettings } from '../../options.ts';
import type { Origin, OriginContext, OriginPlan, PortImage } from '../../origin-types.ts';
import type { Environment } from './configuration/index.ts';
import { shown } from './coordinates.ts';
import { findJars, type OldJar } from './find-jars.ts';
import { joinedPlan } from './join-plans.ts';
import { defaultJavaLimits, type JavaLimits } from './limits.ts';
import { type NativeJar, readNativeJars } from './native-jars.ts';
import { openNested } from './open-nested.ts';
import { liftOf, type Proposal, propose } from './propose.ts';
import type { RefusedWhy } from './refusals.ts';
import { type Outcome, refused, takeAll, type WantedJar } from './take-all.ts';

export interface JavaParts {
  /** Where Maven's configuration and proxies are named; `process.env` unless told. */
  readonly environment?: Environment;
  /** HTTP with the environment's proxies unless told. */
  readonly fetch?: Fetch;
  readonly limits?: Partial<JavaLimits>;
  /** What is known of jars, by `group:artifact`; the list of this package unless told. */
  readonly table?: ReadonlyMap<string, NativeJar>;
}

const nothing: OriginPlan = { paths: new Map(), added: [], refusals: [], materials: [], notes: [] };

/**
 * Java archives as an origin. A jar whose machine code is for the old machine alone gives way to the same artifact's: of the
 * same version, where it has one jar for each platform; of a newer one, where a person allows it. What is taken comes from a
 * Maven repository that has the old one too, byte for byte.
 */
export function javaOrigin(settings: JavaSettings = {}, parts: JavaParts = {}): Origin {
  return {
    name: 'java',
    wanted: [],
    // Repositories say it of their files, and often nothing else.
    hashes: ['sha1'],
    async plan(image, context) {
      const jars = findJars(image, context.taken);
      if (jars.length === 0) return nothing;
      return planJars(jars, { image, context, settings, parts });
    },
  };
}

interface Work {
  readonly image: PortImage;
  readonly context: OriginContext;
  readonly settings: JavaSettings;
  readonly parts: JavaParts;
}

async function planJars(found: readonly OldJar[], work: Work): Promise<OriginPlan> {
  const { image, context, settings, parts } = work;
  const { environment = process.env, fetch } = parts;
  const limits = { ...defaultJavaLimits, ...parts.limits };
  const table = parts.table ?? (await readNativeJars());
  const nested = found.filter(({ innerPath }) => innerPath !== '');
  const archives = await openNested(nested.slice(0, limits.jars), { image, context, limits });
  const jars = [
    ...found.filter(({ innerPath }) => innerPath === ''),
    ...archives.flatMap((archive) => archive.jars),
  ];
  const known = jars.flatMap((jar) => {
    const proposal = propose(jar, table, image);
    return proposal === undefined ? [] : [{ jar, proposal }];
  });
  const early: Outcome[] = [];
  const wanted: WantedJar[] = [];
  for (const one of known) {
    const why = wanted.length < limits.jars ? unheardOf(one, settings) : tooMany(limits.jars);
    if (why === undefined) wanted.push(one);
    else early.push(refused(one, why));
  }
  const taken =
    wanted.length === 0
      ? []
      : await takeAll(wanted, { image, context, settings, environment, fetch, limits });
  return joinedPlan([...early, ...taken], { image, archives, context });
}

function tooMany(most: number): RefusedWhy {
  return {
    ...{ kind: 'no-counterpart', undetermined: true },
    why: `the image has more than ${most} such jars, and no more are looked for`,
    lift: 'Build the image for the platform.',
  };
}

/** What needs no repository to be refused. */
function unheardOf(
  { jar, proposal }: WantedJar,
  { allowUpgrade = false }: JavaSettings,
): RefusedWhy | undefined {
  const { old, sameVersion, newer } = proposal;
  const name = shown(old);
  const kind = 'no-counterpart';
  if (jar.sha256 === undefined)
    return {
      kind,
      why: `${name} has machine code for the old machine alone, and what lies so in an archive is not exchanged`,
      lift: insideLift(proposal),
    };
  if (sameVersion.length === 0 && newer === undefined)
    return { kind, why: `${name} has machine code for the old machine alone`, lift: liftOf(proposal) };
  if (sameVersion.length === 0 && !allowUpgrade)
    return {
      kind,
      why: `${name} has machine code for the old machine alone, and only newer versions have some for the new`,
      lift: liftOf(proposal),
    };
  return undefined;
}

function insideLift(proposal: Proposal): string {
  const { sameVersion, newer } = proposal;
  const [same] = sameVersion;
  const other = same ?? newer;
  return other === undefined
    ? liftOf(proposal)
    : `Build the archive with ${shown(other)} in it, and name that.`;
}
