import { describe, expect, test } from 'vitest';
import { executable, file, writeElf } from '../../fixture/index.ts';
import {
  app,
  base,
  baseLine,
  causesOf,
  copyLine,
  digestOf,
  made,
  otherManifest,
  platform,
  siblingOf,
} from './causes.test-support.ts';

describe('nothing is said', () => {
  test('of an honest image', async () => {
    const honest = await made({ layers: [base('arm64'), app('arm64')] });
    expect(causesOf(honest, { siblings: [await siblingOf([base('amd64'), app('amd64')])] })).toEqual([]);
  });

  test('of an honest image that shares a layer without machine code', async () => {
    const data = [file('etc/data', 'for all machines')];
    const honest = await made({ layers: [data, app('arm64')] });
    expect(causesOf(honest, { siblings: [await siblingOf([data, app('amd64')])] })).toEqual([]);
  });

  test('of foreign code that nothing uses, whatever its lines say', async () => {
    const layers = [base('arm64'), app('amd64')];
    const history = [baseLine, 'RUN |1 TARGETARCH=amd64 curl https://example.com/linux-amd64'];
    const siblings = [await siblingOf(layers)];
    expect(causesOf(await made({ layers, history }, 'inert'), { siblings })).toEqual([]);
    expect(causesOf(await made({ layers, history }, 'shadowed'), { siblings })).toEqual([]);
    expect(causesOf(await made({ layers, history }, 'unknown'), { siblings })).not.toEqual([]);
  });

  test('of platforms that differ in the variant only', async () => {
    const honest = await made({ layers: [app('arm64')] });
    expect(causesOf(honest, { index: 'linux/arm64', config: 'linux/arm64/v9' })).toEqual([]);
  });
});

describe('layers that another entry has too', () => {
  test('the lowest ones: the base is pinned to one platform', async () => {
    const lying = await made({ layers: [base('amd64'), app('arm64')], history: [baseLine, copyLine] });
    const [cause, ...rest] = causesOf(lying, { siblings: [await siblingOf([base('amd64'), app('amd64')])] });
    expect(cause).toMatch(/^its lowest layer is that of linux\/amd64: likely the base is pinned by a digest/);
    expect(cause).toContain(`${digestOf(lying, 0)} (ADD file:ffff in /)`);
    expect(rest).toEqual([]);
  });

  test('several of the lowest are counted', async () => {
    const data = [file('etc/data', '')];
    const lying = await made({
      layers: [base('amd64'), data, app('arm64')],
      history: [baseLine, 'RUN touch', copyLine],
    });
    const siblings = [await siblingOf([base('amd64'), data, app('amd64')])];
    expect(causesOf(lying, { siblings })[0]).toContain('its 2 lowest layers are those of linux/amd64');
  });

  test('all of them: the entries are identical', async () => {
    const layers = [base('amd64'), app('amd64')];
    const lying = await made({ layers, history: [baseLine, copyLine] });
    expect(causesOf(lying, { siblings: [await siblingOf(layers)] })).toMatchObject([
      expect.stringMatching(/^linux\/arm64 and linux\/amd64 have identical layers: .*base is pinned/),
    ]);
  });

  test('all of them, copied from a stage: it was built once', async () => {
    const lying = await made({ layers: [app('amd64')], history: [copyLine] });
    const [cause, ...rest] = causesOf(lying, { siblings: [await siblingOf([app('amd64')])] });
    expect(cause).toMatch(/identical layers: .*BUILDPLATFORM/);
    expect(cause).not.toContain('base');
    expect(rest).toEqual([]);
  });

  test('an upper one: it was copied from a stage built once', async () => {
    const lying = await made({ layers: [base('arm64'), app('amd64')], history: [baseLine, copyLine] });
    const siblings = [await siblingOf([base('amd64'), app('amd64')])];
    expect(causesOf(lying, { siblings })).toEqual([
      `layer ${digestOf(lying, 1)} (${copyLine}) is also that of linux/amd64: likely it was made once, in a stage for the build machine (FROM --platform=$BUILDPLATFORM), and used for every platform`,
    ]);
  });

  test('the entry where the code is at home is named, not another that is wrong as well', async () => {
    const layers = [base('amd64'), app('amd64')];
    const siblings = [await siblingOf(layers, 'linux/s390x'), await siblingOf(layers, 'linux/amd64')];
    expect(causesOf(await made({ layers }), { siblings })[0]).toContain('linux/amd64');
  });

  test('the reverse: an amd64 image with the layers of arm64', async () => {
    const layers = [base('arm64'), app('arm64')];
    const lying = await made({ layers, platform: 'linux/amd64' });
    const siblings = [await siblingOf(layers, 'linux/arm64')];
    expect(causesOf(lying, { siblings, index: 'linux/amd64' })[0]).toMatch(
      /^linux\/amd64 and linux\/arm64 have identical layers/,
    );
  });
});

describe('a base for another machine, with nothing else known', () => {
  test('is said of the lowest machine code', async () => {
    const lying = await made({ layers: [base('amd64'), app('arm64')], history: [baseLine, copyLine] });
    expect(causesOf(lying)).toEqual([
      expect.stringMatching(/^the machine code of its base is for amd64: likely .*ADD file:ffff/),
    ]);
  });

  test('is not said where the base has arm64 code too', async () => {
    const mixed = [...base('arm64'), executable('bin/x', writeElf({ machine: 'amd64' }))];
    expect(causesOf(await made({ layers: [mixed], history: [baseLine] }))).toEqual([]);
  });

  test('is not said of a tool on a base without machine code', async () => {
    const layers = [[file('etc/passwd', '')], app('amd64'), base('arm64')];
    const history = [baseLine, 'RUN ./fetch-tool', 'COPY sh /bin/sh # buildkit'];
    expect(causesOf(await made({ layers, history }))).toEqual([]);
  });

  test('what the image calls its base is the place to look at', async () => {
    const lying = await made({ layers: [base('amd64')], history: [baseLine] });
    const annotations = {
      'org.opencontainers.image.base.name': 'docker.io/library/debian:12',
      'org.opencontainers.image.base.digest': otherManifest,
    };
    expect(causesOf(lying, { annotations })[0]).toBe(
      `it says its base is docker.io/library/debian:12@${otherManifest}, perhaps that digest names the image of one platform`,
    );
    const siblings = [{ platform: platform('linux/amd64'), manifest: otherManifest, layers: [] }];
    expect(causesOf(lying, { annotations, siblings })[0]).toMatch(/which is the manifest of linux\/amd64$/);
    expect(causesOf(await made({ layers: [app('arm64')] }), { annotations })).toEqual([]);
  });

  test('labels of the config name the base as well', async () => {
    const lying = await made({
      layers: [base('amd64')],
      history: [baseLine],
      config: { Labels: { 'org.opencontainers.image.base.name': `debian@${otherManifest}` } },
    });
    expect(causesOf(lying)[0]).toContain(`debian@${otherManifest}`);
  });
});

describe('documents that contradict each other', () => {
  test('over right bytes: the config was made elsewhere', async () => {
    const right = await made({ layers: [base('arm64')] });
    expect(causesOf(right, { config: 'linux/amd64' })).toEqual([
      expect.stringMatching(/^its config says linux\/amd64: likely it was made on another machine/),
    ]);
  });

  test('over the bytes that the config names: the index is wrong', async () => {
    const lying = await made({ layers: [base('amd64')], history: [baseLine] });
    expect(causesOf(lying, { config: 'linux/amd64' })[0]).toMatch(
      /^its own config says linux\/amd64: likely an image for linux\/amd64 was put under linux\/arm64/,
    );
  });

  test('an index that differs alone', async () => {
    const right = await made({ layers: [base('arm64')] });
    expect(causesOf(right, { index: 'linux/amd64', config: 'linux/arm64' })).toEqual([
      expect.stringMatching(/^the index says linux\/amd64/),
    ]);
  });
});
