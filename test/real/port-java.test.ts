// Jars of the Maven repository that this machine's Maven goes to: the ones for amd64 alone give way to those for arm64, and an
// arm64 Java loads their code.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectBytes } from '../../src/binary/index.ts';
import { file } from '../../src/fixture/index.ts';
import { newBytes, planWith } from '../../src/port/counterparts/java/java.test-support.ts';
import { javaOrigin } from '../../src/port/counterparts/java/java-origin.ts';
import type { OriginPlan } from '../../src/port/index.ts';
import { canMakeDebianRoot, debianRoot, rootTimeout } from '../support/debian-root.ts';
import { exec, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const tcnative = 'io.netty:netty-tcnative-boringssl-static:2.0.61.Final:jar:linux-x86_64';
const snappy = 'org.xerial.snappy:snappy-java:1.1.2';
const brotli = 'com.aayushatharva.brotli4j:native-linux-x86_64:1.12.0';
const leveldb = 'org.fusesource.leveldbjni:leveldbjni-all:1.8';
const sqlite = 'org.xerial:sqlite-jdbc:3.20.0';

/** Fetches an artifact as people do, and gives its file. */
async function fetched(artifact: string): Promise<string> {
  await exec('mvn', '-q', '-B', 'dependency:get', `-Dartifact=${artifact}`, '-Dtransitive=false');
  const [group = '', name = '', version = '', , classifier] = artifact.split(':');
  const jar = `${name}-${version}${classifier === undefined ? '' : `-${classifier}`}.jar`;
  const path = join(homedir(), '.m2', 'repository', ...group.split('.'), name, version, jar);
  if (!existsSync(path)) throw new Error(`Maven fetched ${artifact}, and ${path} is not there`);
  return path;
}

async function canFetch(): Promise<boolean> {
  if (!(await hasPrograms('mvn', 'javac'))) {
    if (process.env['CI']) throw new Error('needs Maven and a JDK');
    return false;
  }
  return fetched(snappy).then(
    () => true,
    (error: unknown) => {
      if (process.env['CI']) throw error;
      return false;
    },
  );
}

const here = process.arch === 'x64' && (await canFetch());
const canRun = here && (await canMakeDebianRoot());
const paths = {
  tcnative: 'app/lib/netty-tcnative-boringssl-static-2.0.61.Final-linux-x86_64.jar',
  snappy: 'app/lib/snappy-java-1.1.2.jar',
  brotli: 'app/lib/native-linux-x86_64-1.12.0.jar',
  leveldb: 'app/lib/leveldbjni-all-1.8.jar',
  sqlite: 'app/lib/sqlite-jdbc-3.20.0.jar',
};
const folder = temporaryFolder();
afterAll(() => folder.remove());

describe.skipIf(!here)('jars of real applications', () => {
  let plan: OriginPlan;
  beforeAll(async () => {
    const members = [];
    for (const [artifact, path] of [
      [tcnative, paths.tcnative],
      [snappy, paths.snappy],
      [brotli, paths.brotli],
      [leveldb, paths.leveldb],
      [sqlite, paths.sqlite],
    ] as const)
      members.push(file(path, readFileSync(await fetched(artifact))));
    const cache = join(folder.path, 'cache');
    // As Maven is set up here.
    ({ plan } = await planWith(javaOrigin({ allowUpgrade: true }), members, { cache }));
  }, rootTimeout);

  test('are replaced by those for arm64: of the same version, or of the first that has code for it', () => {
    expect([...plan.paths].map(([path, one]) => [path, one.action])).toEqual([
      [paths.brotli, 'replace'],
      [paths.tcnative, 'replace'],
      [paths.snappy, 'replace'],
    ]);
    expect(plan.materials).toMatchObject([
      { name: 'com.aayushatharva.brotli4j:native-linux-aarch64', version: '1.12.0' },
      {
        name: 'io.netty:netty-tcnative-boringssl-static',
        version: '2.0.61.Final',
        architecture: 'linux-aarch_64',
      },
      { name: 'org.xerial.snappy:snappy-java', version: '1.1.4' },
    ]);
    for (const { uri } of plan.materials) expect(uri).toMatch(/^https:.*\.jar$/);
  });

  test('are refused where no version has code for it, and left alone where it has', () => {
    expect(plan.refusals).toMatchObject([
      {
        path: paths.leveldb,
        guess: 'java: org.fusesource.leveldbjni:leveldbjni-all 1.8',
        kind: 'no-counterpart',
      },
    ]);
  });

  test('are exchanged inside an archive that the JDK makes, and that it reads afterwards', async () => {
    const place = join(folder.path, 'archive');
    const lib = join(place, 'in', 'BOOT-INF', 'lib');
    mkdirSync(lib, { recursive: true });
    copyFileSync(await fetched(snappy), join(lib, 'snappy-java-1.1.2.jar'));
    writeFileSync(join(place, 'in', 'note.txt'), 'hello\n');
    await exec(
      'jar',
      '--create',
      '--no-compress',
      '--file',
      join(place, 'app.jar'),
      '-C',
      join(place, 'in'),
      '.',
    );
    const app = readFileSync(join(place, 'app.jar'));
    const cache = join(folder.path, 'cache');
    const made = await planWith(javaOrigin({ allowUpgrade: true }), [file('srv/app.jar', app)], { cache });
    expect(made.plan.refusals).toEqual([]);
    writeFileSync(join(place, 'new.jar'), await newBytes(made.plan, 'srv/app.jar'));
    mkdirSync(join(place, 'out'));
    await exec('sh', '-c', `cd '${join(place, 'out')}' && jar --extract --file ../new.jar`);
    expect(readFileSync(join(place, 'out', 'note.txt'), 'utf8')).toBe('hello\n');
    const inner = readFileSync(join(place, 'out', 'BOOT-INF', 'lib', 'snappy-java-1.1.2.jar'));
    expect(inner).toEqual(await newBytes(plan, paths.snappy));
  });

  test.skipIf(!canRun)(
    'answer under an arm64 Java',
    async () => {
      const root = await debianRoot();
      const place = join(root, 'srv', 'jars');
      rmSync(place, { recursive: true, force: true });
      mkdirSync(place, { recursive: true });
      const source = join(folder.path, 'Main.java');
      writeFileSync(
        source,
        'public class Main { public static void main(String[] a) throws Exception {\n' +
          'byte[] packed = org.xerial.snappy.Snappy.compress("hello hello hello hello".getBytes());\n' +
          'System.out.println(System.getProperty("os.arch") + " " + new String(org.xerial.snappy.Snappy.uncompress(packed)));\n' +
          '} }\n',
      );
      writeFileSync(join(place, 'snappy.jar'), await newBytes(plan, paths.snappy));
      await exec('javac', '--release', '17', '-cp', join(place, 'snappy.jar'), '-d', place, source);
      const run = () => exec('chroot', root, 'java', '-cp', '/srv/jars:/srv/jars/snappy.jar', 'Main');
      expect(await run()).toBe('aarch64 hello hello hello hello\n');
      // The old one does not: what was replaced had to be.
      copyFileSync(await fetched(snappy), join(place, 'snappy.jar'));
      await expect(run()).rejects.toThrow();
      rmSync(place, { recursive: true });
    },
    rootTimeout,
  );

  test('are what they are said to be', async () => {
    for (const path of [paths.brotli, paths.tcnative, paths.snappy]) {
      const { nested = [] } = inspectBytes('x.jar', await newBytes(plan, path));
      const machines = nested.flatMap(({ facts }) => (facts.kind === 'elf' ? [facts.elf.architecture] : []));
      expect(machines).toContain('arm64');
    }
  });
});
