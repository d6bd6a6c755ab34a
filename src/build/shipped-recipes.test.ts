import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { planRecipe, readRecipe, showPlan } from '../recipe/index.ts';
import type { PlanView } from '../results/index.ts';
import { findBuild } from './index.ts';

const folder = fileURLToPath(new URL('../../catalog/recipes/', import.meta.url));

async function planned(file: string, parameters: Readonly<Record<string, string>> = {}): Promise<PlanView> {
  const recipe = readRecipe({ text: readFileSync(`${folder}${file}`, 'utf8'), file });
  return showPlan(await planRecipe(recipe, { parameters, directory: folder }));
}

const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

test.each(files)('%s is a recipe that can be planned as it is', async (file) => {
  const catalog = () => Promise.reject(new Error('a file was named'));
  const found = await findBuild(file, { cwd: folder, catalog });
  expect(`${found.recipe.value.name}.yaml`).toBe(file);
  if (found.kind === 'recipe') expect((await planned(file)).steps.length).toBeGreaterThan(0);
});

describe('the recipe of Istio', () => {
  const istio = () => planned('istio.yaml');
  const variables = (view: PlanView, id: string) =>
    Object.fromEntries(
      (view.steps.find((step) => step.id === id)?.environment ?? []).map(({ name, value }) => [name, value]),
    );

  test('takes the three repositories at the commits that fit together', async () => {
    const { sources } = await istio();
    expect(sources.map(({ path, from, pinned }) => [path, from, pinned])).toEqual([
      ['istio', 'https://github.com/istio/istio.git', '49dfd655557fa5e1f678d6c18761603ceddcb1f8'],
      ['proxy', 'https://github.com/istio/proxy.git', 'b3ba3a91e80939fbbb65ec998d812b422b3afefb'],
      ['tools', 'https://github.com/istio/tools.git', '236cb4951368852f6fdc568ce7ffdc3291d6ac4d'],
    ]);
    expect(
      sources.every(({ commands }) => commands.some(({ shell }) => shell.includes('checkout -B master'))),
    ).toBe(true);
  });

  test('does what the page says, in its order, where it says', async () => {
    const { steps } = await istio();
    const done = steps.map(({ id, workdir, command }) => [
      id,
      workdir,
      command.kind === 'words' ? command.shell : '',
    ]);
    expect(done).toEqual([
      ['build-tools', 'tools/docker/build-tools', './build-and-push.sh'],
      ['proxy', 'proxy', ''],
      ['binaries', 'istio', 'make build'],
      ['proxy-commit', 'proxy', ''],
      ['envoy', '', ''],
      ...[
        'base',
        'distroless',
        'app_sidecar_base_ubuntu_xenial',
        'app_sidecar_base_ubuntu_bionic',
        'app_sidecar_base_ubuntu_focal',
        'app_sidecar_base_debian_9',
        'app_sidecar_base_debian_10',
        'app_sidecar_base_centos_8',
        'app_sidecar_base_centos_7',
      ].map((base) => [`bases/${base}`, 'istio', `make dockerx.${base}`]),
      ['containers', 'istio', 'make dockerx'],
    ]);
    const [, proxy, , , envoy] = steps;
    expect(proxy?.command.shell).toContain(
      '-v "$(realpath .):/work" -w /work -u "$(id -u)" "$IMAGE" make build',
    );
    expect(envoy?.command.shell).toContain('docker cp "$CONTAINER:/work/bazel-bin/src/envoy/envoy"');
    expect(steps.find(({ id }) => id === 'proxy')?.expected).toMatchObject({
      seconds: 1200,
      on: 'm6g.16xlarge',
    });
  });

  test('gives each step the environment of the page, and no other step', async () => {
    const view = await istio();
    expect(variables(view, 'build-tools')).toEqual({ DRY_RUN: '1' });
    expect(variables(view, 'proxy')).toMatchObject({
      CONTAINER: 'istio-proxy-build',
      IMAGE: `\${{ steps.build-tools.images.build-tools-proxy }}`,
    });
    expect(variables(view, 'binaries')).toEqual({ TARGET_ARCH: 'arm64', IMAGE_VERSION: 'master-latest' });
    const shell = {
      IMAGE_TAG: 'master-latest',
      IMAGE_VERSION: 'master-latest',
      DOCKER_ARCHITECTURES: 'linux/arm64',
      TARGETARCH: 'arm64',
      HUBS: 'gcr.io/istio-release',
      TAG: 'master-latest',
      BASE_VERSION: 'master-latest',
      PROXY_REPO_SHA: `\${{ steps.proxy-commit.values.sha }}`,
    };
    expect(variables(view, 'bases/distroless')).toEqual(shell);
    expect(variables(view, 'containers')).toEqual({ ...shell, HUBS: 'istio' });
  });

  test('gives another tag to its images, not to the containers that they are built in, which have one of their own', async () => {
    const view = await planned('istio.yaml', { tag: '1.14.1' });
    expect(variables(view, 'binaries')).toMatchObject({ IMAGE_VERSION: 'master-latest' });
    expect(variables(view, 'containers')).toMatchObject({
      ...{ TAG: '1.14.1', BASE_VERSION: '1.14.1', IMAGE_TAG: '1.14.1' },
      IMAGE_VERSION: 'master-latest',
    });
    expect(JSON.stringify(view.steps[0])).toContain('gcr.io/istio-testing/build-tools-proxy:master-latest');
  });

  test('says what the place has to have, and how Ubuntu gets it', async () => {
    const { requires } = await istio();
    expect(requires).toMatchObject({ os: 'linux', architecture: 'arm64', emulation: true, images: true });
    expect(requires.tools.map(({ name, version = '' }) => `${name}${version}`)).toEqual(
      expect.arrayContaining(['docker>=20.10.0', 'docker-buildx', 'go>=1.16.5', 'git', 'make']),
    );
  });
});

test("the recipe of Argo CD from source does upstream's own armimage of the release", async () => {
  const { sources, steps, publications, requires } = await planned('argo-cd-source.yaml', {
    version: '2.1.2',
  });
  expect(sources).toMatchObject([{ from: 'https://github.com/argoproj/argo-cd.git', ref: 'v2.1.2' }]);
  const image = steps.find(({ id }) => id === 'image');
  expect(image).toMatchObject({
    workdir: 'argo-cd',
    command: { shell: 'make armimage IMAGE_NAMESPACE=argoproj IMAGE_TAG=v2.1.2' },
    images: [{ reference: 'argoproj/argocd:v2.1.2-arm', platform: 'linux/arm64' }],
  });
  expect(image?.environment).toMatchObject([{ name: 'DOCKER_DEFAULT_PLATFORM', value: 'linux/arm64' }]);
  expect(publications).toMatchObject([{ name: 'argocd', tag: 'v2.1.2' }]);
  expect(requires).toMatchObject({ architecture: 'arm64', emulation: true });
});
