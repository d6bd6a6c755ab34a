import { describe, expect, test } from 'vitest';
import { json, registryError, scriptedServer } from '../http/scripted-server.test-support.ts';
import { failing, listOf, repositoryOf } from './client.test-support.ts';

function page(tags: unknown, link?: string) {
  return json({ name: 'team/app', tags }, 200, link === undefined ? {} : { link: `<${link}>; rel="next"` });
}

describe('tags', () => {
  test('one page', async () => {
    const server = await scriptedServer(() => page(['1.0', '1.1']));
    expect(await listOf(repositoryOf(server).tags())).toEqual(['1.0', '1.1']);
    expect(server.seen[0]!.query.get('n')).toBe('1000');
  });

  test('none, in its three spellings', async () => {
    const bodies = [page([]), page(null)];
    for (const body of bodies) {
      const server = await scriptedServer(() => body);
      expect(await listOf(repositoryOf(server).tags())).toEqual([]);
    }
  });

  test.each([
    ['relative', () => '/v2/team/app/tags/list?last=b&n=1000'],
    ['absolute', (origin: string) => `${origin}/v2/team/app/tags/list?last=b&n=1000`],
    [
      'with a path that only exists behind the proxy',
      () => '/artifactory/api/docker/x/v2/team/app/tags/list?last=b&n=1000',
    ],
  ])('the next page, %s', async (_form, link) => {
    const server = await scriptedServer(({ query }) =>
      query.get('last') === 'b' ? page(['c']) : page(['a', 'b'], link(server.origin)),
    );
    expect(await listOf(repositoryOf(server).tags())).toEqual(['a', 'b', 'c']);
    expect(server.lines()).toEqual(['GET /v2/team/app/tags/list', 'GET /v2/team/app/tags/list']);
  });

  test('a next page on another host is refused', async () => {
    const server = await scriptedServer(() =>
      page(['a'], 'https://evil.example/v2/team/app/tags/list?last=a'),
    );
    const error = await failing(listOf(repositoryOf(server).tags()));
    expect(error.reason).toBe('malformed');
    expect(error.message).toContain('evil.example');
  });

  test.each([400, 405])('a registry that refuses the page size with %s is asked without', async (status) => {
    const server = await scriptedServer(({ query }) =>
      query.has('n') ? registryError(status, 'UNSUPPORTED') : page(['a']),
    );
    expect(await listOf(repositoryOf(server).tags())).toEqual(['a']);
  });

  test('a registry without tag lists is unsupported', async () => {
    const server = await scriptedServer(() => registryError(405, 'UNSUPPORTED'));
    expect((await failing(listOf(repositoryOf(server).tags()))).reason).toBe('unsupported');
  });

  test('a link to the same page is a circle', async () => {
    const server = await scriptedServer(() => page(['a'], '/v2/team/app/tags/list?n=1000'));
    expect((await failing(listOf(repositoryOf(server).tags()))).message).toContain('circle');
    expect(server.seen).toHaveLength(1);
  });

  test('pages that change their link and not their tags are a circle', async () => {
    const server = await scriptedServer((_seen, _response, count) =>
      page(['a'], `/v2/team/app/tags/list?n=1000&last=a&x=${count}`),
    );
    expect((await failing(listOf(repositoryOf(server).tags()))).message).toContain('circle');
    expect(server.seen).toHaveLength(2);
  });

  test('empty pages without end are a circle', async () => {
    const server = await scriptedServer((_seen, _response, count) =>
      page([], `/v2/team/app/tags/list?n=1000&last=${count}`),
    );
    expect((await failing(listOf(repositoryOf(server).tags()))).reason).toBe('malformed');
    expect(server.seen).toHaveLength(3);
  });

  test('endless pages end at the limit, which is named', async () => {
    const server = await scriptedServer((_seen, _response, count) =>
      page([`v${count}`], `/v2/team/app/tags/list?n=1000&last=v${count}`),
    );
    const error = await failing(listOf(repositoryOf(server, { limits: { maxTagPages: 7 } }).tags()));
    expect(error.message).toContain('limit of 7 pages');
    expect(server.seen).toHaveLength(7);
  });

  test('too many tags end at the limit, which is named', async () => {
    const server = await scriptedServer(() => page(['a', 'b', 'c']));
    const error = await failing(listOf(repositoryOf(server, { limits: { maxTags: 2 } }).tags()));
    expect(error.message).toContain('limit of 2 tags');
  });

  test('a page over the size limit is refused', async () => {
    const server = await scriptedServer(() => page(['x'.repeat(2000)]));
    const error = await failing(listOf(repositoryOf(server, { limits: { maxTagPageBytes: 1000 } }).tags()));
    expect(error.reason).toBe('malformed');
    expect(error.message).toContain('1000 bytes');
  });

  test('what is no tag is left out', async () => {
    const server = await scriptedServer(() => page(['ok', '', 'a/b', '-x', 7, null, 'x'.repeat(129), '_y']));
    expect(await listOf(repositoryOf(server).tags())).toEqual(['ok', '_y']);
  });

  test.each(['<html>', '{}', '{"tags":{}}', 'null'])('%s is malformed', async (body) => {
    const server = await scriptedServer(() => ({ body }));
    expect((await failing(listOf(repositoryOf(server).tags()))).reason).toBe('malformed');
  });

  test('pages are read as they are needed', async () => {
    const server = await scriptedServer(({ query }) =>
      query.has('last') ? page(['b']) : page(['a'], '/v2/team/app/tags/list?last=a'),
    );
    for await (const tag of repositoryOf(server).tags()) {
      expect(tag).toBe('a');
      break;
    }
    expect(server.seen).toHaveLength(1);
  });
});
