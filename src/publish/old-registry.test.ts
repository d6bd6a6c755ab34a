// Registries from before the referrers API: the lists of referrers are for the clients to keep.
import { afterEach, expect, test } from 'vitest';
import { type MeddlingRegistry, startMeddler } from '../../test/support/meddling-registry.ts';
import { type Built, buildArtifact, singleArch } from '../fixture/index.ts';
import { type Digest, type Index, mediaTypes, parseManifest } from '../oci/index.ts';
import { testWorld } from './publish.test-support.ts';

const world = testWorld();
const open: MeddlingRegistry[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** The embedded registry without what 1.1 of the specification added. */
async function oldRegistry(
  name: string,
  meddle: (path: string, method: string) => 'pass' | 'lost' = () => 'pass',
) {
  const { host } = await world.registry(name);
  const registry = await startMeddler(host, {
    meddle: ({ path, method }) => (path.includes('/referrers/') ? 404 : meddle(path, method)),
    strip: ['oci-subject'],
  });
  open.push(registry);
  return registry;
}

const digestOf = (built: Built): Digest => built.manifest.descriptor.digest;

async function signedImage(signatures: number) {
  const image = await singleArch('arm64');
  const signing = Array.from({ length: signatures }, (_, number) =>
    buildArtifact({
      artifactType: 'application/signature',
      subject: image.manifest.descriptor,
      annotations: { number: String(number) },
    }),
  );
  const source = await world.pushed(image, 'source:1', 'new');
  for (const [number, signature] of signing.entries())
    await world.pushed(signature, `source:signature-${number}`, 'new');
  return { image, signing, source };
}

test('all referrers get into the list that other clients read, in one run', async () => {
  const { image, signing, source } = await signedImage(6);
  const { host } = await oldRegistry('old');
  await world.publish(`${host}/app:1`, [source]);
  const tag = digestOf(image).replace(':', '-');
  const { bytes } = await world.repository(host, 'app').manifest(tag);
  const { manifests } = parseManifest(bytes) as Index;
  expect(new Set(manifests.map(({ digest }) => digest))).toEqual(new Set(signing.map(digestOf)));
  expect(manifests[0]).toMatchObject({
    artifactType: 'application/signature',
    annotations: { number: expect.any(String) },
  });
});

test('a referrer that was pushed and not listed is listed by the next run', async () => {
  const { image, signing, source } = await signedImage(1);
  let isBroken = true;
  const tag = digestOf(image).replace(':', '-');
  const { host } = await oldRegistry('old', (path, method) =>
    isBroken && method === 'PUT' && path.endsWith(tag) ? 'lost' : 'pass',
  );
  await expect(world.publish(`${host}/app:1`, [source])).rejects.toMatchObject({ reason: 'network' });
  const repository = world.repository(host, 'app');
  expect(await repository.resolve(digestOf(signing[0]!))).toBeDefined();
  await expect(repository.resolve('1')).rejects.toMatchObject({ reason: 'not-found' });
  isBroken = false;
  await world.publish(`${host}/app:1`, [source]);
  expect(await repository.referrers(digestOf(image))).toMatchObject([{ digest: digestOf(signing[0]!) }]);
});

test('what an old list names and is not there, or speaks of another, is told and left out', async () => {
  const { image, signing } = await signedImage(2);
  const { host } = await oldRegistry('new');
  const repository = world.repository(host, 'source');
  const stranger = buildArtifact({ artifactType: 'a/b', annotations: { no: 'subject' } });
  await world.pushed(stranger, 'source:stranger', 'new');
  const list = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [...signing, stranger].map(({ manifest }) => manifest.descriptor),
  };
  await repository.putManifest(
    { mediaType: mediaTypes.ociIndex, bytes: Buffer.from(JSON.stringify(list)) },
    { tag: digestOf(image).replace(':', '-') },
  );
  await fetch(`http://${host}/v2/source/manifests/${digestOf(signing[0]!)}`, { method: 'DELETE' });
  const result = await world.publish(`${(await world.registry('target')).host}/app:1`, [`${host}/source:1`]);
  expect(result.outcome).toBe('published');
  expect(result.referrers.map(({ digest }) => digest)).toEqual([digestOf(signing[1]!)]);
  expect(result.omitted.map(({ digest, why }) => [digest, why])).toEqual([
    [digestOf(signing[0]!), 'it is listed among the referrers and is not there'],
    [digestOf(stranger), 'it is listed among the referrers and speaks of another'],
  ]);
});
