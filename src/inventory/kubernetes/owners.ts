import { type Resource, type ResourceName, workloadName } from './resource.ts';

/** Links from a pod up to its workload; real chains have at most three. */
const maxOwnerChain = 8;

/** Kinds that another workload makes; the owner of any other kind is not its workload. */
const madeByOthers: ReadonlySet<string> = new Set(['Pod', 'ReplicaSet', 'Job']);

/** A workload and the resources that stand for it. */
export interface Group {
  readonly name: string;
  readonly resources: readonly Resource[];
}

/**
 * Groups a file's resources by the workload at the top of their owner chain, as far as the file tells: Pod,
 * ReplicaSet, Deployment; Pod, Job, CronJob. Finished pods and jobs and replica sets at zero are history, left out
 * where anything else of their workload is there.
 */
export function groupByOwner(resources: readonly Resource[]): Group[] {
  const known = new Map(resources.map((resource) => [workloadName(resource), resource]));
  const groups = new Map<string, Resource[]>();
  for (const resource of resources) {
    const name = workloadName(topOwner(resource, known));
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [resource]);
    else group.push(resource);
  }
  return [...groups].map(([name, members]) => ({ name, resources: withoutHistory(members) }));
}

function withoutHistory(members: readonly Resource[]): readonly Resource[] {
  const current = members.filter((member) => !member.history && member.images.length > 0);
  return current.length > 0 ? current : members;
}

function topOwner(resource: Resource, known: ReadonlyMap<string, Resource>): ResourceName {
  let current: ResourceName & Partial<Resource> = resource;
  for (let links = 0; links < maxOwnerChain; links++) {
    const next = ownerName(current, resource, known);
    if (next === undefined) return current;
    current = known.get(workloadName(next)) ?? next;
  }
  return current;
}

/** The next link: a written owner, or the maker's name inside the name of one that isn't in the file. */
function ownerName(
  current: ResourceName & Partial<Resource>,
  pod: Resource,
  known: ReadonlyMap<string, Resource>,
): ResourceName | undefined {
  if (!madeByOthers.has(current.kind)) return undefined;
  const { namespace } = current;
  // The owner of a static pod is its Node, which is no workload.
  if (current.owner !== undefined)
    return current.owner.kind === 'Node' ? undefined : { ...current.owner, namespace };
  if (known.has(workloadName(current))) return undefined;
  if (current.kind === 'ReplicaSet') return replicaSetMaker(current, pod);
  if (current.kind === 'Job') return jobMaker(current, known);
  return undefined;
}

/** A deployment names its replica sets `NAME-HASH` and labels their pods with the hash. */
function replicaSetMaker(replicaSet: ResourceName, pod: Resource): ResourceName | undefined {
  const { name, namespace } = replicaSet;
  const label = pod.templateHash;
  if (label !== undefined && name.endsWith(`-${label.hash}`))
    return { kind: label.ownerKind, name: name.slice(0, -label.hash.length - 1), namespace };
  // Kubernetes makes the hash of this alphabet, which has no vowels (util/rand, SafeEncodeString).
  const match = /^(.+)-[bcdfghjklmnpqrstvwxz2456789]{6,10}$/.exec(name);
  return match?.[1] === undefined ? undefined : { kind: 'Deployment', name: match[1], namespace };
}

/** A cron job names its jobs `NAME-MINUTES`; only believed where that cron job is in the file. */
function jobMaker(job: ResourceName, known: ReadonlyMap<string, Resource>): ResourceName | undefined {
  const match = /^(.+)-[0-9]{8}$/.exec(job.name);
  if (match?.[1] === undefined) return undefined;
  const cronJob = { kind: 'CronJob', name: match[1], namespace: job.namespace };
  return known.has(workloadName(cronJob)) ? cronJob : undefined;
}
