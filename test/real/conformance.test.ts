import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BasicAuth, BearerAuth } from '../../src/registry/server/access.ts';
import { startRegistry } from '../../src/registry/server/start-registry.ts';

const run = promisify(execFile);
const hasGo = await run('go', ['version']).then(
  () => true,
  () => false,
);
const suite = 'github.com/opencontainers/distribution-spec/conformance';
const users = [{ username: 'tester', password: 'secret' }];

/** The official suite, built with the ordinary Go client in a folder of its own. */
describe.skipIf(!hasGo && process.env['CI'] === undefined)(
  'the conformance suite of the OCI distribution specification',
  () => {
    let directory: string;
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'conformance-'));
      if (!hasGo) throw new Error('go is not installed, and in CI the conformance suite must run');
      await run('go', ['mod', 'init', 'conformance.test'], { cwd: directory });
      await run('go', ['get', `${suite}@latest`], { cwd: directory });
      await run('go', ['build', '-o', join(directory, 'conformance'), suite], { cwd: directory });
    });
    afterAll(() => rm(directory, { recursive: true, force: true }));

    interface Case {
      readonly name: string;
      readonly auth?: BasicAuth | BearerAuth;
      /** Only without tokens: theirs are for one repository, and the suite asks for no second one when it mounts. */
      readonly maySkip: boolean;
      readonly environment: Readonly<Record<string, string>>;
    }
    const everything = {
      OCI_VERSION: 'dev',
      OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
      OCI_API_BLOBS_DIGEST_HEADER: 'true',
      OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
      OCI_API_MANIFESTS_TAG_PARAM: 'true',
    };
    const cases: readonly Case[] = [
      { name: 'version 1.1', maySkip: false, environment: { OCI_VERSION: '1.1' } },
      { name: 'all it can test', maySkip: false, environment: everything },
      { name: 'behind passwords', maySkip: false, environment: everything, auth: { kind: 'basic', users } },
      { name: 'behind tokens', maySkip: true, environment: everything, auth: { kind: 'bearer', users } },
    ];

    test.each(cases)('passes: $name', async ({ name, auth, maySkip, environment }) => {
      const results = join(directory, name);
      const registry = await startRegistry({
        directory: join(directory, `registry ${name}`),
        ...(auth === undefined ? {} : { auth }),
      });
      try {
        const { stdout } = await run(join(directory, 'conformance'), [], {
          cwd: directory,
          maxBuffer: 64 * 1024 * 1024,
          env: {
            ...process.env,
            OCI_REGISTRY: registry.host,
            OCI_TLS: 'disabled',
            OCI_RESULTS_DIR: results,
            ...(auth === undefined ? {} : { OCI_USERNAME: 'tester', OCI_PASSWORD: 'secret' }),
            ...environment,
          },
        });
        const counts = await countsOf(join(results, 'junit.xml'), stdout);
        expect(counts).toMatchObject({ result: 'Pass', fail: 0, error: 0 });
        expect(counts.pass).toBeGreaterThan(800);
        if (!maySkip) expect(counts.skip).toBe(0);
      } finally {
        await registry.close();
      }
    });
  },
);

interface Counts {
  readonly result: string | undefined;
  readonly pass: number;
  readonly fail: number;
  readonly error: number;
  readonly skip: number;
}

/** From the suite's summary; its report must be there as well, so that a run that ended early does not count. */
async function countsOf(report: string, output: string): Promise<Counts> {
  expect(await readFile(report, 'utf8')).toContain('<testsuite');
  const count = (name: string) => Number(new RegExp(`^ *${name}\\.+: +([0-9]+)$`, 'm').exec(output)?.[1]);
  return {
    result: /^OCI Conformance Result: (\w+)$/m.exec(output)?.[1],
    pass: count('Pass'),
    fail: count('FAIL'),
    error: count('Error'),
    skip: count('Skip'),
  };
}
