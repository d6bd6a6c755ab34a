// Fills a registry with a fleet: distinct references, half of them indexes, half single manifests.
import { buildIndex, push, singleArch } from '../dist/lib/fixture/index.js';
import { createRegistryClient } from '../dist/lib/registry/index.js';

const perRepository = 50;

/** Names of `count` references at a host, in `repository:tag` form, and whether each is an index. */
export function fleetNames(count) {
  return Array.from({ length: count }, (_, number) => ({
    repository: `team${Math.floor(number / perRepository)}/app`,
    tag: `1.${number % perRepository}`,
    isIndex: number % 2 === 0,
  }));
}

export async function pushFleet(host, count) {
  const client = createRegistryClient();
  const queue = fleetNames(count);
  try {
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          const { repository, tag, isIndex } = next;
          await push(
            client.repository({ registry: host, repository }),
            build(`${repository}:${tag}`, isIndex),
            { tag },
          );
        }
      }),
    );
  } finally {
    await client.close();
  }
}

/** Distinct by a label, so that no two references share a digest. */
async function build(name, isIndex) {
  const spec = { config: { Labels: { name } }, layers: [] };
  if (!isIndex) return singleArch(name.length % 3 === 0 ? 'arm64' : 'amd64', spec);
  return buildIndex(await Promise.all([singleArch('amd64', spec), singleArch('arm64', spec)]), {
    annotations: { name },
  });
}
