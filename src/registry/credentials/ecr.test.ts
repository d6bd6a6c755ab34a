import { describe, expect, test } from 'vitest';
import type { ProgressEvent } from '../../core/index.ts';
import { ecrStore } from './ecr.ts';
import { explainLookup } from './source.ts';

const hour = 60 * 60 * 1000;

/** A package of the SDK's shape that counts what is asked of it. */
function sdk(answer: () => unknown) {
  const asked: { name: string; config: Readonly<Record<string, unknown>> }[] = [];
  class GetAuthorizationTokenCommand {}
  const client = (name: string) =>
    class {
      readonly config: Readonly<Record<string, unknown>>;
      constructor(config: Readonly<Record<string, unknown>>) {
        this.config = config;
      }
      async send(command: unknown): Promise<unknown> {
        expect(command).toBeInstanceOf(GetAuthorizationTokenCommand);
        asked.push({ name, config: this.config });
        return answer();
      }
    };
  const module = {
    ECRClient: client('private'),
    ECRPUBLICClient: client('public'),
    GetAuthorizationTokenCommand,
  };
  const imported: string[] = [];
  return {
    asked,
    imported,
    importModule: async (name: string): Promise<unknown> => {
      imported.push(name);
      return module;
    },
  };
}

function at(registry: string) {
  return { registry, repository: 'team/app' };
}

function token(password: string, expiresAt: number) {
  return {
    authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'),
    expiresAt: new Date(expiresAt),
  };
}

const absent = async (name: string): Promise<never> => {
  throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' });
};

describe("Amazon's registries", () => {
  test('get one token a region, kept until shortly before it expires', async () => {
    let now = 0;
    const fake = sdk(() => ({ authorizationData: [token(`pw${now}`, now + 12 * hour)] }));
    const store = ecrStore({
      importModule: fake.importModule,
      clock: { now: () => now, sleep: async () => undefined },
    });
    const hosts = ['111122223333', '444455556666'].map(
      (account) => `${account}.dkr.ecr.eu-west-1.amazonaws.com`,
    );
    const found = await Promise.all(hosts.map((host) => store.lookup(at(host))));
    expect(found).toEqual([
      { username: 'AWS', password: 'pw0', source: 'Amazon ECR (AWS SDK)' },
      { username: 'AWS', password: 'pw0', source: 'Amazon ECR (AWS SDK)' },
    ]);
    now = 11 * hour;
    await store.lookup(at(hosts[0] ?? ''));
    expect(fake.asked).toEqual([{ name: 'private', config: { region: 'eu-west-1' } }]);
    now = 12 * hour - 1;
    expect(await store.lookup(at(hosts[0] ?? ''))).toMatchObject({ password: `pw${now}` });
  });

  test('are known in their FIPS, Chinese, dual-stack and public forms', async () => {
    const fake = sdk(() => ({ authorizationData: token('pw', 12 * hour) }));
    const store = ecrStore({
      importModule: fake.importModule,
      clock: { now: () => 0, sleep: async () => undefined },
    });
    await store.lookup(at('111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com'));
    await store.lookup(at('111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn'));
    await store.lookup(at('111122223333.dkr-ecr.us-east-2.on.aws'));
    await store.lookup(at('public.ecr.aws'));
    expect(fake.asked).toEqual([
      { name: 'private', config: { region: 'us-gov-west-1', useFipsEndpoint: true } },
      { name: 'private', config: { region: 'cn-north-1' } },
      { name: 'private', config: { region: 'us-east-2' } },
      { name: 'public', config: { region: 'us-east-1' } },
    ]);
    expect(fake.imported.at(-1)).toBe('@aws-sdk/client-ecr-public');
  });

  test.each([
    '111122223333.dkr.ecr.us-east-1.amazonaws.com.evil.net',
    'evil-111122223333.dkr.ecr.us-east-1.amazonaws.com',
    '111122223333.dkr.ecr.us-east-1.amazonaws.com:8443',
    'public.ecr.aws.evil.net',
    'ghcr.io',
  ])('are not what merely looks like one: %s', async (registry) => {
    const fake = sdk(() => ({ authorizationData: token('pw', 12 * hour) }));
    expect(await ecrStore(fake).lookup(at(registry))).toBeUndefined();
    expect(fake.imported).toEqual([]);
  });

  test('are asked anonymously without the SDK, with both ways out told once', async () => {
    const events: ProgressEvent[] = [];
    const store = ecrStore({ importModule: absent, emit: (event) => void events.push(event) });
    expect(await store.lookup(at('111122223333.dkr.ecr.us-east-1.amazonaws.com'))).toBeUndefined();
    expect(await store.lookup(at('444455556666.dkr.ecr.us-east-1.amazonaws.com'))).toBeUndefined();
    expect(events).toEqual([
      {
        type: 'warning',
        message: expect.stringMatching(/docker-credential-ecr-login.*@aws-sdk\/client-ecr/),
      },
    ]);
    expect((await explainLookup(store, at('public.ecr.aws'))).steps).toMatchObject([
      { outcome: 'nothing', detail: '@aws-sdk/client-ecr-public is not installed' },
    ]);
    expect(events).toHaveLength(1);
  });

  test('that AWS refuses are an error for a private one, anonymous for the public one, and AWS is asked once', async () => {
    const fake = sdk(() => {
      throw new Error('Could not load credentials from any providers');
    });
    const store = ecrStore(fake);
    for (let time = 0; time < 2; time++) {
      await expect(store.lookup(at('111122223333.dkr.ecr.us-east-1.amazonaws.com'))).rejects.toMatchObject({
        reason: 'unauthorized',
        message: expect.stringContaining('Could not load credentials'),
        hint: expect.stringContaining('ecr:GetAuthorizationToken'),
      });
    }
    expect(await store.lookup(at('public.ecr.aws'))).toBeUndefined();
    expect(fake.asked).toHaveLength(2);
  });
});
