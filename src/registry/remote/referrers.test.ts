import { describe, expect, test } from 'vitest';
import { digestOf, mediaTypes } from '../../oci/index.ts';
import { type Reply, registryError, scriptedServer } from '../http/scripted-server.test-support.ts';
import { failing, repositoryOf } from './client.test-support.ts';

const subject = digestOf(Buffer.from('subject'));
const tagPath = `/v2/team/app/manifests/sha256-${subject.slice(7)}`;

function entry(name: string, artifactType: string) {
  return { mediaType: mediaTypes.ociManifest, digest: digestOf(Buffer.from(name)), size: 10, artifactType };
}

const signature = entry('signature', 'application/signature');
const sbom = entry('sbom', 'application/sbom');

function index(entries: readonly unknown[], headers: Record<string, string> = {}): Reply {
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries };
  return { headers: { 'content-type': mediaTypes.ociIndex, ...headers }, body: JSON.stringify(document) };
}

describe('the referrers API', () => {
  test('gives all referrers', async () => {
    const server = await scriptedServer(() => index([signature, sbom]));
    expect(await repositoryOf(server).referrers(subject)).toMatchObject([signature, sbom]);
    expect(server.lines()).toEqual([`GET /v2/team/app/referrers/${subject}`]);
  });

  test('filters here where the registry did not', async () => {
    const server = await scriptedServer(() => index([signature, sbom]));
    expect(await repositoryOf(server).referrers(subject, { artifactType: sbom.artifactType })).toMatchObject([
      sbom,
    ]);
    expect(server.seen[0]!.query.get('artifactType')).toBe(sbom.artifactType);
  });

  test('believes a filter that the registry applied', async () => {
    const { artifactType: _, ...bare } = sbom;
    const server = await scriptedServer(() => index([bare], { 'oci-filters-applied': 'artifactType' }));
    expect(await repositoryOf(server).referrers(subject, { artifactType: sbom.artifactType })).toHaveLength(
      1,
    );
  });

  test('follows pages', async () => {
    const server = await scriptedServer(({ query }) =>
      query.has('page') ? index([sbom]) : index([signature], { link: `<?page=2>; rel="next"` }),
    );
    expect(await repositoryOf(server).referrers(subject)).toMatchObject([signature, sbom]);
  });

  test('refuses pages that go in a circle', async () => {
    const server = await scriptedServer(() => index([signature], { link: '<?page=1>; rel="next"' }));
    expect((await failing(repositoryOf(server).referrers(subject))).reason).toBe('malformed');
    expect(server.seen).toHaveLength(2);
  });

  test('refuses an index that is none', async () => {
    const server = await scriptedServer(() => ({
      headers: { 'content-type': mediaTypes.ociIndex },
      body: '{"a":1}',
    }));
    expect((await failing(repositoryOf(server).referrers(subject))).reason).toBe('malformed');
  });
});

describe('the referrers tag', () => {
  test.each([404, 405, 400])(
    'is read where the API answers %s, and the API is not asked again',
    async (status) => {
      const server = await scriptedServer(({ path }) =>
        path === tagPath ? index([signature, sbom]) : registryError(status, 'UNSUPPORTED'),
      );
      const repository = repositoryOf(server);
      expect(await repository.referrers(subject, { artifactType: sbom.artifactType })).toMatchObject([sbom]);
      await repository.referrers(subject);
      expect(server.count('GET', tagPath)).toBe(2);
      expect(server.seen).toHaveLength(3);
    },
  );

  test('is read where the API answers with a page for people', async () => {
    const server = await scriptedServer(({ path }) =>
      path === tagPath ? index([signature]) : { headers: { 'content-type': 'text/html' }, body: '<html>' },
    );
    expect(await repositoryOf(server).referrers(subject)).toMatchObject([signature]);
  });

  test('that is missing means: none', async () => {
    const server = await scriptedServer(() => registryError(404, 'MANIFEST_UNKNOWN'));
    expect(await repositoryOf(server).referrers(subject)).toEqual([]);
  });

  test('an unauthorized answer is not "none"', async () => {
    const server = await scriptedServer(({ path }) =>
      path === tagPath ? registryError(403, 'DENIED') : registryError(404, 'UNSUPPORTED'),
    );
    expect((await failing(repositoryOf(server).referrers(subject))).reason).toBe('unauthorized');
  });
});

test('a missing repository is not-found', async () => {
  const server = await scriptedServer(() => registryError(404, 'NAME_UNKNOWN'));
  expect((await failing(repositoryOf(server).referrers(subject))).reason).toBe('not-found');
});
