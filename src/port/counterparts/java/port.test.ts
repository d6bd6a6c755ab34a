import { expect, test } from 'vitest';
import { zipOf } from '../../../binary/archives.test-support.ts';
import { executable, file, type Machine, userland, writeElf } from '../../../fixture/index.ts';
import { expectSound, sharedPortWorld } from '../../shared-world.test-support.ts';
import { amd64, arm64, packed, serve, sum } from './java.test-support.ts';

const world = sharedPortWorld();
const withJava = (machine: Machine) => [
  ...userland(machine),
  executable('usr/bin/java', writeElf({ machine, interpreter: true, needed: ['libc.so.6'] })),
];
const config = { Cmd: ['/usr/bin/java', '-cp', '/app/lib/*', 'Main'] };
const spec = { files: withJava, config };

const pom = 'META-INF/maven/org.example/tool/pom.properties';
const oldTool = packed({ [pom]: '', 'META-INF/native/libtool_linux_x86_64.so': amd64 });
const newTool = packed({ [pom]: '', 'META-INF/native/libtool_linux_aarch_64.so': arm64 });
const twins = packed({ 'x/linux/amd64/libx.so': amd64, 'x/linux/aarch64/libx.so': arm64 });
const layers = [
  [
    file('app/lib/tool-1.0-linux-x86_64.jar', oldTool),
    file('app/lib/both.jar', twins),
    file('app/lib/pure.jar', packed({ 'Main.class': 'x' })),
  ],
];

test('an image with a jar for the old machine is ported, audited right, and says what it took', async () => {
  const place = (name: string) => `org/example/tool/1.0/tool-1.0-${name}.jar`;
  const server = await serve({
    [place('linux-x86_64')]: oldTool,
    [`${place('linux-x86_64')}.sha1`]: sum('sha1', oldTool),
    [place('linux-aarch_64')]: newTool,
    [`${place('linux-aarch_64')}.sha1`]: sum('sha1', newTool),
  });
  const java = { repositories: [server.url.replace('http://', 'http://reader:s3cret@')] };
  const ported = await world.ported(layers, spec, { java });
  const pulled = await expectSound(world, ported);
  const { result } = ported;
  expect(result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' }, refusals: [] });
  expect(result.totals).toMatchObject({ replaced: 1 });
  expect(result.materials).toMatchObject([
    { origin: 'java', purl: expect.stringContaining('linux-aarch_64') },
  ]);
  expect(result.notes.join('\n')).toContain('keeps its name');
  expect(JSON.stringify(result)).not.toContain('s3cret');
  const jars = pulled?.view.list('app/lib').map(({ path, entry }) => [path, entry.sha256]);
  expect(jars).toEqual([
    ['app/lib/both.jar', sum('sha256', twins)],
    ['app/lib/pure.jar', expect.any(String)],
    ['app/lib/tool-1.0-linux-x86_64.jar', sum('sha256', newTool)],
  ]);
});

test('a jar inside another is exchanged there, and what surrounds it is as it was', async () => {
  const place = (name: string) => `org/example/tool/1.0/tool-1.0-${name}.jar`;
  const server = await serve({
    [place('linux-x86_64')]: oldTool,
    [`${place('linux-x86_64')}.sha256`]: sum('sha256', oldTool),
    [place('linux-aarch_64')]: newTool,
    [`${place('linux-aarch_64')}.sha256`]: sum('sha256', newTool),
  });
  const inner = 'BOOT-INF/lib/tool-1.0-linux-x86_64.jar';
  const entries = (jar: Buffer) => [
    { name: 'META-INF/MANIFEST.MF', data: Buffer.from('Main-Class: Launcher\n') },
    { name: inner, data: jar },
    { name: 'BOOT-INF/classes/Main.class', data: Buffer.from('class'), descriptor: true, method: 0 as const },
  ];
  // Such an archive may start itself: a script stands before it.
  const script = Buffer.from('#!/bin/sh\nexec java -jar "$0"\n');
  const app = zipOf(entries(oldTool), script);
  const java = { repositories: [server.url] };
  const ported = await world.ported([[file('app/app.jar', app)]], spec, { java });
  const pulled = await expectSound(world, ported);
  expect(ported.result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' }, refusals: [] });
  expect(ported.result.notes.join('\n')).toContain(
    'was packed anew with org.example:tool 1.0 (linux-aarch_64)',
  );
  const facts = pulled?.view.lookup('app/app.jar')?.entry.facts;
  expect(facts?.nested?.map(({ path }) => path)).toEqual([
    `${inner}!/META-INF/native/libtool_linux_aarch_64.so`,
  ]);
  expect(facts?.problems).toBeUndefined();

  const other = await world.ported([[file('app/app.jar', app)]], spec, {
    java: { repositories: ['http://127.0.0.1:9/'] },
  });
  expect(other.result).toMatchObject({
    outcome: 'unknown',
    refusals: [{ path: '/app/app.jar', undetermined: true }],
  });
  const signed = zipOf([...entries(oldTool), { name: 'META-INF/OURS.SF', data: Buffer.from('x') }]);
  const refused = await world.ported([[file('app/app.jar', signed)]], spec, { java });
  expect(refused.result).toMatchObject({
    outcome: 'refused',
    refusals: [{ path: '/app/app.jar', why: expect.stringContaining('it is signed') }],
  });
});

test('without a repository that is undetermined, told once, and nothing is published', async () => {
  const { result, to } = await world.ported(layers, spec);
  await expectSound(world, { result, to });
  expect(result).toMatchObject({
    outcome: 'unknown',
    refusals: [
      {
        path: '/app/lib/tool-1.0-linux-x86_64.jar',
        undetermined: true,
        guess: expect.stringMatching(/^java: org.example:tool/),
      },
    ],
  });
});

test('a jar whose code nothing would load is no reason to refuse', async () => {
  const members = [file('var/cache/jars/tool-1.0-linux-x86_64.jar', oldTool)];
  const { result } = await world.ported([members], spec);
  expect(result).toMatchObject({ outcome: 'published', refusals: [] });
});
