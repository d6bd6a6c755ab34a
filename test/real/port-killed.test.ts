// A port that is killed leaves what was published before or what should be, and nothing on this machine outside its folders.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { multiArch, push } from '../../src/fixture/index.ts';
import { digestOf } from '../../src/oci/index.ts';
import { createRegistryClient } from '../../src/registry/index.ts';
import type { PortResult } from '../../src/results/index.ts';
import { commandFile } from '../support/command.ts';
import { type DebianImages, pushDebianImages } from '../support/debian-images.ts';
import { canMakeDebianRoot, rootTimeout } from '../support/debian-root.ts';
import {
  exec,
  hasPrograms,
  type RunningProgram,
  startDockerRegistry,
  temporaryFolder,
} from '../support/real-parts.ts';

const here =
  process.arch === 'x64' &&
  (await hasPrograms('docker-registry', 'skopeo', 'buildah')) &&
  (await canMakeDebianRoot());
/** Kills spread over the time that a port takes, and kills while it sends, which is a small part of that. */
const [moments, whileSending] = [20, 4];

describe.skipIf(!here)('a port that is killed', () => {
  const folder = temporaryFolder();
  const storage = join(folder.path, 'registry');
  /** What a port may write to, and the places around it that it has to leave alone. */
  const [work, cache] = [join(folder.path, 'work'), join(folder.path, 'cache')];
  const around = ['temporary', 'home', 'here'].map((name) => join(folder.path, name));
  let registry: RunningProgram;
  let images: DebianImages;
  const client = createRegistryClient();
  /** What the tag is to point to, and how long that takes. */
  let next: string | undefined;
  let milliseconds: number;
  beforeAll(async () => {
    for (const path of [...around, join(folder.path, 'pulled')]) mkdirSync(path);
    registry = await startDockerRegistry(storage);
    images = await pushDebianImages(registry.host);
    const first = await whole(`${registry.host}/killed/first:1`);
    expect(first).toMatchObject({ outcome: 'published', refusals: [] });
    next = first.publish?.index.digest;
    const before = performance.now();
    await whole(`${registry.host}/killed/second:1`);
    milliseconds = performance.now() - before;
  }, rootTimeout);
  afterAll(async () => {
    await client.close();
    await registry?.stop();
    folder.remove();
  });

  function start(to: string): ChildProcess {
    const [temporary, home, cwd] = around;
    const places = ['--work-folder', work, '--cache-dir', cache];
    const what = ['port', images.small, '--to', to, '--base', images.base, '--format', 'json'];
    return spawn(process.execPath, [commandFile, ...what, ...places], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: home, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  async function whole(to: string): Promise<PortResult> {
    const child = start(to);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await new Promise((resolve) => child.on('close', resolve));
    return JSON.parse(text) as PortResult;
  }

  async function killed(to: string, moment: () => Promise<unknown>): Promise<void> {
    const child = start(to);
    child.stdout?.resume();
    const ended = new Promise((resolve) => child.on('close', resolve));
    await Promise.race([moment(), ended]);
    child.kill('SIGKILL');
    await ended;
  }

  /** As the registry itself keeps them: blobs that the repository has whole. */
  function blobsOf(repository: string): readonly string[] {
    const links = join(storage, 'data/docker/registry/v2/repositories', repository, '_layers/sha256');
    if (!existsSync(links)) return [];
    return readdirSync(links)
      .filter((hex) => existsSync(join(links, hex, 'link')))
      .map((hex) => `sha256:${hex}`);
  }

  /** What the tag points to, pulled whole into a folder of its own. */
  async function pulled(reference: string, name: string): Promise<string> {
    const digest = digestOf(
      Buffer.from(await exec('skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${reference}`)),
    );
    const layout = join(folder.path, 'pulled', name);
    const how = ['copy', '--quiet', '--all', '--src-tls-verify=false'];
    await exec('skopeo', ...how, `docker://${reference}`, `oci:${layout}:it`);
    return digest;
  }

  /** The tag with something old in a repository of its own, and the blobs of it. */
  async function prepared(name: string): Promise<{ to: string; old: string; blobs: readonly string[] }> {
    const repository = client.repository({ registry: registry.host, repository: name });
    const old = await push(repository, multiArch('amd64'), { tag: '1' });
    return { to: `${registry.host}/${name}:1`, old, blobs: blobsOf(name) };
  }

  test(
    'leaves the tag old or new, and whole',
    async () => {
      const seen = new Set<boolean>();
      for (let moment = 0; moment < moments; moment += 1) {
        const { to, old } = await prepared(`killed/at-${moment}`);
        // The last one comes when it's done, however slow the machine has become.
        const isLast = moment === moments - 1;
        const time = (milliseconds * (moment + Math.random())) / (moments - 2);
        await killed(to, () => (isLast ? new Promise(() => undefined) : delay(time)));
        const digest = await pulled(to, `at-${moment}`);
        expect([old, next]).toContain(digest);
        seen.add(digest === old);
      }
      expect(seen).toEqual(new Set([true, false]));
    },
    rootTimeout,
  );

  test(
    'while it sends leaves the tag old or new, and the next run sends only what is missing',
    async () => {
      for (let moment = 0; moment < whileSending; moment += 1) {
        const name = `sending/at-${moment}`;
        const { to, old, blobs } = await prepared(name);
        const sent = () => blobsOf(name).filter((blob) => !blobs.includes(blob));
        await killed(to, async () => {
          while (sent().length === 0) await delay(2);
          await delay(Math.random() * 200);
        });
        const before = sent();
        expect(before.length).toBeGreaterThan(0);
        expect([old, next]).toContain(await pulled(to, `sending-${moment}`));
        const end = await whole(to);
        expect(end.publish?.index.digest).toBe(next);
        const again = end.publish?.blobs.filter(({ action }) => action !== 'exists') ?? [];
        expect(again.filter(({ digest }) => before.includes(digest))).toEqual([]);
        expect(await pulled(to, `sent-${moment}`)).toBe(next);
      }
    },
    rootTimeout,
  );

  test('leaves nothing on this machine outside its folders', () => {
    for (const path of around) expect(readdirSync(path)).toEqual([]);
    // Killed runs could not remove their folders; nothing else is there.
    for (const left of readdirSync(work)) expect(left).toMatch(/^armload-port-/);
  });
});
