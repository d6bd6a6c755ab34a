import { describe, expect, test } from 'vitest';
import { digestOf, mediaTypes } from '../../oci/index.ts';
import { json, type Reply, registryError, scriptedServer } from '../http/scripted-server.test-support.ts';
import { failing, repositoryOf } from './client.test-support.ts';

const subject = digestOf(Buffer.from('subject'));
const tagPath = `/v2/team/app/manifests/sha256-${subject.slice(7)}`;
const empty = {
  mediaType: mediaTypes.ociEmpty,
  digest: digestOf(Buffer.from('{}')),
  size: 2,
};

function referrer(name: string) {
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { ...empty, mediaType: 'application/x.config' },
    layers: [empty],
    subject: { mediaType: mediaTypes.ociManifest, digest: subject, size: 7 },
    annotations: { name },
  };
  const bytes = Buffer.from(JSON.stringify(document));
  const descriptor = {
    mediaType: mediaTypes.ociManifest,
    digest: digestOf(bytes),
    size: bytes.length,
    // Without one of its own, the config's media type (distribution-spec).
    artifactType: 'application/x.config',
    annotations: { name },
  };
  return { content: { mediaType: mediaTypes.ociManifest, bytes }, descriptor };
}

/** A registry without the API; `interfere` may change what is under a path right after a write. */
function oldRegistry(
  options: { list?: Reply; interfere?: (manifests: Map<string, Reply>, path: string) => void } = {},
) {
  const manifests = new Map<string, Reply>();
  if (options.list !== undefined) manifests.set(tagPath, options.list);
  const server = scriptedServer(({ method, path, headers, body }) => {
    if (path.includes('/referrers/')) return registryError(404, 'UNSUPPORTED');
    if (method !== 'PUT') return manifests.get(path) ?? registryError(404, 'MANIFEST_UNKNOWN');
    manifests.set(path, { headers: { 'content-type': headers['content-type'] ?? '' }, body });
    options.interfere?.(manifests, path);
    return { status: 201 };
  });
  return { server, manifests };
}

function listOf(...entries: readonly unknown[]): Reply {
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: entries };
  return { headers: { 'content-type': mediaTypes.ociIndex }, body: JSON.stringify(document) };
}

function listed(manifests: ReadonlyMap<string, Reply>): unknown[] {
  const { body } = manifests.get(tagPath) ?? {};
  return body === undefined ? [] : (JSON.parse(String(body)) as { manifests: unknown[] }).manifests;
}

describe('a manifest with a subject', () => {
  test('gets into the list under the referrers tag, with its type and annotations', async () => {
    const { server, manifests } = oldRegistry();
    const { content, descriptor } = referrer('one');
    const repository = repositoryOf(await server);
    expect(await repository.putManifest(content)).toBe(descriptor.digest);
    expect(listed(manifests)).toEqual([descriptor]);
    expect(await repository.referrers(subject)).toEqual([descriptor]);
  });

  test('is listed once, beside those that are listed already', async () => {
    const other = referrer('other').descriptor;
    const { server, manifests } = oldRegistry({ list: listOf(other) });
    const { content, descriptor } = referrer('one');
    const repository = repositoryOf(await server);
    await repository.putManifest(content);
    await repository.putManifest(content);
    expect(listed(manifests)).toEqual([other, descriptor]);
    expect((await server).count('PUT', tagPath)).toBe(1);
  });

  test('is not lost where several are pushed at the same time', async () => {
    const { server, manifests } = oldRegistry();
    const repository = repositoryOf(await server);
    const all = ['a', 'b', 'c', 'd', 'e'].map(referrer);
    await Promise.all(all.map(({ content }) => repository.putManifest(content)));
    expect(listed(manifests)).toHaveLength(5);
    expect(listed(manifests)).toEqual(expect.arrayContaining(all.map(({ descriptor }) => descriptor)));
  });

  test('is listed again where somebody else overwrote the list', async () => {
    const other = referrer('other').descriptor;
    let left = 1;
    const { server, manifests } = oldRegistry({
      interfere: (all, path) => {
        if (path === tagPath && left-- > 0) all.set(tagPath, listOf(other));
      },
    });
    const { content, descriptor } = referrer('one');
    await repositoryOf(await server).putManifest(content);
    expect(listed(manifests)).toEqual([other, descriptor]);
  });

  test('whose list somebody keeps overwriting is a failure, not a silence', async () => {
    const { server } = oldRegistry({
      interfere: (all, path) => {
        if (path === tagPath) all.set(tagPath, listOf());
      },
    });
    const error = await failing(repositoryOf(await server).putManifest(referrer('one').content));
    expect(error.message).toContain('overwritten 3 times');
  });

  test('is not listed over something else under that tag', async () => {
    const { server, manifests } = oldRegistry({ list: json({ config: {} }) });
    const error = await failing(repositoryOf(await server).putManifest(referrer('one').content));
    expect(error.reason).toBe('malformed');
    expect(manifests.get(tagPath)).toEqual(json({ config: {} }));
  });
});

describe('nothing is written beside the manifest', () => {
  test('where the registry says that it knows the subject', async () => {
    const server = await scriptedServer(() => ({ status: 201, headers: { 'oci-subject': subject } }));
    await repositoryOf(server).putManifest(referrer('one').content);
    expect(server.seen).toHaveLength(1);
  });

  test('where the registry does not say so, but lists it', async () => {
    const { content, descriptor } = referrer('one');
    const server = await scriptedServer(({ method }) =>
      method === 'PUT' ? { status: 201 } : listOf(descriptor),
    );
    await repositoryOf(server).putManifest(content);
    expect(server.lines()).toEqual([
      `PUT /v2/team/app/manifests/${descriptor.digest}`,
      `GET /v2/team/app/referrers/${subject}`,
    ]);
  });

  test('where it has no subject', async () => {
    const server = await scriptedServer(() => ({ status: 201 }));
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [] }));
    await repositoryOf(server).putManifest({ mediaType: mediaTypes.ociIndex, bytes }, { tag: '1' });
    expect(server.seen).toHaveLength(1);
  });
});
