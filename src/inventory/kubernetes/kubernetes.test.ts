// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts under test hold variables
import { describe, expect, test } from 'vitest';
import { inventoryOf, lookups, places } from '../test-folder.test-support.ts';

const pod = (image: string, extra = '') => `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
${extra}  containers:
  - name: app
    image: ${image}
`;

function template(kind: string, path: readonly string[], apiVersion = 'apps/v1'): string {
  const lines = [`apiVersion: ${apiVersion}`, `kind: ${kind}`, 'metadata: {name: web, namespace: shop}'];
  path.forEach((key, depth) => {
    lines.push(`${'  '.repeat(depth)}${key}:`);
  });
  lines.push(`${'  '.repeat(path.length)}containers: [{name: app, image: nginx:1.27}]`);
  return `${lines.join('\n')}\n`;
}

const podSpec = ['spec', 'template', 'spec'];

describe('where pod specs stand', () => {
  test.each([
    ['Pod', ['spec'], 'v1'],
    ['Deployment', podSpec, 'apps/v1'],
    ['ReplicaSet', podSpec, 'apps/v1'],
    ['StatefulSet', podSpec, 'apps/v1'],
    ['DaemonSet', podSpec, 'apps/v1'],
    ['ReplicationController', podSpec, 'v1'],
    ['Job', podSpec, 'batch/v1'],
    ['CronJob', ['spec', 'jobTemplate', 'spec', 'template', 'spec'], 'batch/v1'],
    ['PodTemplate', ['template', 'spec'], 'v1'],
    ['Rollout', podSpec, 'argoproj.io/v1alpha1'],
    ['Service', podSpec, 'serving.knative.dev/v1'],
    ['Anything', ['spec', 'deep', 'deeper', 'podTemplate', 'spec'], 'example.com/v1'],
  ])('trap 75: the containers of a %s are found', async (kind, path, apiVersion) => {
    const inventory = await inventoryOf({ 'a.yaml': template(kind, path, apiVersion) });
    expect(inventory.uses).toMatchObject([
      {
        written: 'nginx:1.27',
        use: { workload: `${kind} shop/web`, container: 'app', source: 'kubernetes' },
      },
    ]);
    expect(inventory.uses[0]?.use.guess).toBeUndefined();
    expect(inventory.workloads).toMatchObject([{ name: `${kind} shop/web`, file: 'a.yaml', line: 1 }]);
    expect(inventory.problems).toEqual([]);
  });

  test('trap 74: init, sidecar and ephemeral containers and image volumes are found', async () => {
    const inventory = await inventoryOf({
      'a.yaml': pod(
        'app:1',
        `  initContainers: [{name: i, image: init:1}, {name: s, image: "side:1", restartPolicy: Always}]
  ephemeralContainers:
  - {name: e, image: debug:1}
  volumes:
  - name: models
    image: {reference: quay.io/acme/models:2, pullPolicy: Always}
  - name: other
    emptyDir: {}
`,
      ),
    });
    expect(lookups(inventory)).toEqual(['init:1', 'side:1', 'debug:1', 'quay.io/acme/models:2', 'app:1']);
    expect(inventory.uses.map(({ use }) => use.container)).toEqual(['i', 's', 'e', 'volume models', 'app']);
  });

  test('JSON, with tabs too, is read like YAML and gives places', async () => {
    const text = JSON.stringify(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p' },
        spec: { containers: [{ name: 'c', image: 'x/y:1' }] },
      },
      null,
      '\t',
    );
    const line = text.split('\n').findIndex((candidate) => candidate.includes('x/y:1'));
    expect(places(await inventoryOf({ 'a.json': text }))).toEqual([
      `a.json:${line + 1}:${(text.split('\n')[line]?.indexOf('x/y:1') ?? 0) + 1} x/y:1`,
    ]);
  });

  test('the places of texts are those of their first character, quotes left out', async () => {
    const text = `${pod('plain:1')}---\n${pod('"double:1"')}---\r\n${pod("'single:1'")}---\n${pod('|\n      block:1')}`;
    expect(places(await inventoryOf({ 'a.yaml': text }))).toEqual([
      'a.yaml:8:12 plain:1',
      'a.yaml:17:13 double:1',
      'a.yaml:26:13 single:1',
      'a.yaml:36:7 block:1',
    ]);
  });

  test('a List and lists in it are taken apart, items without a kind take the list’s', async () => {
    const text = `apiVersion: v1
kind: List
items:
- ${pod('one:1').replaceAll('\n', '\n  ')}
- apiVersion: v1
  kind: PodList
  items:
  - metadata: {name: second}
    spec: {containers: [{name: c, image: two:1}]}
`;
    const inventory = await inventoryOf({ 'a.yaml': text });
    expect(inventory.uses.map(({ use, written }) => [use.workload, written])).toEqual([
      ['Pod web', 'one:1'],
      ['Pod second', 'two:1'],
    ]);
  });

  test('an OpenShift template is a list of its objects', async () => {
    const text = JSON.stringify({
      apiVersion: 'template.openshift.io/v1',
      kind: 'Template',
      objects: [
        {
          kind: 'DeploymentConfig',
          metadata: { name: 'd' },
          spec: { template: { spec: { containers: [{ image: 'x:${TAG}' }] } } },
        },
      ],
    });
    const inventory = await inventoryOf({ 'a.json': text });
    expect(inventory.uses).toMatchObject([
      { use: { workload: 'DeploymentConfig d' }, unresolved: expect.stringContaining('TAG') },
    ]);
  });

  test('status, annotations, config maps and schemas hold records and no uses', async () => {
    const text = `apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {image: annotated:1}
spec: {containers: [{name: c, image: real:1}]}
status: {containerStatuses: [{name: c, image: seen:1}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {image: text:1}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: d}
spec: {versions: [{schema: {image: schema:1}}]}
`;
    expect(lookups(await inventoryOf({ 'a.yaml': text }))).toEqual(['real:1']);
  });

  test('anchors, aliases and merge keys: the place is where the text stands', async () => {
    const text = `apiVersion: v1
kind: Pod
metadata: {name: web}
x-base: &base
  image: base:1
spec:
  containers:
  - <<: *base
    name: merged
  - name: own
    <<: *base
    image: own:1
  initContainers:
  - &init {name: i, image: init:1}
  ephemeralContainers:
  - *init
`;
    expect(places(await inventoryOf({ 'a.yaml': text }))).toEqual([
      'a.yaml:5:10 base:1',
      'a.yaml:12:12 own:1',
      'a.yaml:14:28 init:1',
      'a.yaml:14:28 init:1',
    ]);
  });

  test('a key written twice counts as its last value', async () => {
    const text = pod('first:1').replace('    image: first:1', '    image: first:1\n    image: last:1');
    expect(lookups(await inventoryOf({ 'a.yaml': text }))).toEqual(['last:1']);
  });
});

describe('texts that are no references', () => {
  test('templates and broken texts are kept as unresolved, with the reason', async () => {
    const images = [
      '"{{ .Values.image }}"',
      '{{ image }}',
      '$IMAGE',
      '"<your-image>"',
      'app:@@TAG@@',
      'Upper/Case',
      '""',
      'ko://github.com/acme/app',
      'auto',
    ];
    const text = images.map((image) => pod(image)).join('---\n');
    const inventory = await inventoryOf({ 'a.yaml': text });
    expect(inventory.problems).toEqual([]);
    expect(inventory.uses).toHaveLength(images.length);
    for (const use of inventory.uses) expect(use.unresolved).toMatch(/\w+ \w+/);
    expect(inventory.uses[1]?.written).toBe('{{ image }}');
    expect(inventory.uses[5]?.unresolved).toContain('lower case');
  });
});

describe('custom resources', () => {
  test('trap 76: images under image-like keys are guesses, containers of known kinds are not', async () => {
    const text = `apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: k8s, namespace: mon}
spec:
  image: quay.io/prometheus/prometheus:v2.55.0
  configReloaderImage: reloader:1
  imagePullPolicy: Always
  logoImage: https://example.com/logo.png
  diskImage: Debian 12
  useImage: true
  thanos: {image: {registry: quay.io, repository: thanos/thanos, tag: v0.36.0}}
  proxy: {image: {repository: proxy}}
  containers: [{name: extra, image: extra:1}]
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: build}
spec:
  steps: [{name: s, image: gcr.io/kaniko-project/executor:v1.23.2}]
`;
    const inventory = await inventoryOf({ 'a.yaml': text });
    expect(inventory.uses.map(({ written, use }) => [written, use.guess ?? false, use.container])).toEqual([
      ['quay.io/prometheus/prometheus:v2.55.0', true, 'spec.image'],
      ['reloader:1', true, 'spec.configReloaderImage'],
      ['quay.io/thanos/thanos:v0.36.0', true, 'spec.thanos.image'],
      ['proxy', true, 'spec.proxy.image'],
      ['extra:1', false, 'extra'],
      ['gcr.io/kaniko-project/executor:v1.23.2', false, 's'],
    ]);
    expect(inventory.uses[3]?.unresolved).toContain('no tag');
  });

  test('Kubernetes’ own kinds are not guessed at', async () => {
    const text = 'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {image: nginx}\n';
    expect(lookups(await inventoryOf({ 'a.yaml': text }))).toEqual([]);
  });
});

describe('owners', () => {
  const owned = (kind: string, name: string, owner: string, rest: string) => `---
apiVersion: v1
kind: ${kind}
metadata:
  name: ${name}
  namespace: shop
  ownerReferences: [{kind: ${owner.split(' ')[0]}, name: ${owner.split(' ')[1]}, controller: true}]
${rest}`;
  const containers = (image: string) => `{containers: [{name: c, image: "${image}"}]}`;

  test('field 21: ReplicaSet pods, Job pods and the Deployment at zero replicas are one workload row each', async () => {
    const text = `apiVersion: v1
kind: Service
metadata: {name: s}
${owned('Pod', 'web-5d4f8c7b9d-x', 'ReplicaSet web-5d4f8c7b9d', `spec: ${containers('web:2')}\n`)}${owned('Pod', 'web-5d4f8c7b9d-y', 'ReplicaSet web-5d4f8c7b9d', `spec: ${containers('web:2')}\n`)}${owned('ReplicaSet', 'web-5d4f8c7b9d', 'Deployment web', `spec: {replicas: 2, template: {spec: ${containers('web:2')}}}\n`)}${owned('ReplicaSet', 'web-6c5b4d3f2c', 'Deployment web', `spec: {replicas: 0, template: {spec: ${containers('web:1')}}}\n`)}---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: ${containers('web:2')}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle, namespace: shop}
spec: {replicas: 0, template: {spec: ${containers('idle:1')}}}
${owned('Pod', 'backup-29387520-abcde', 'Job backup-29387520', `spec: ${containers('backup:1')}\nstatus: {phase: Succeeded}\n`)}${owned('Job', 'backup-29387520', 'CronJob backup', `spec: {template: {spec: ${containers('backup:1')}}}\n`)}---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup, namespace: shop}
spec: {jobTemplate: {spec: {template: {spec: ${containers('backup:2')}}}}}
`;
    const inventory = await inventoryOf({ 'a.yaml': text });
    expect(inventory.workloads.map(({ name }) => name).sort()).toEqual([
      'CronJob shop/backup',
      'Deployment shop/idle',
      'Deployment shop/web',
    ]);
    const byWorkload = new Set(inventory.uses.map(({ use, written }) => `${use.workload} ${written}`));
    expect([...byWorkload].sort()).toEqual([
      'CronJob shop/backup backup:1',
      'CronJob shop/backup backup:2',
      'Deployment shop/idle idle:1',
      'Deployment shop/web web:2',
    ]);
  });

  test('trap 80: a pod alone is grouped under the deployment its replica set’s name tells', async () => {
    const inventory = await inventoryOf({
      'a.yaml':
        owned('Pod', 'a', 'ReplicaSet web-5d4f8c7b9d', `spec: ${containers('web:1')}\n`) +
        owned('Pod', 'b', 'ReplicaSet plain', `spec: ${containers('plain:1')}\n`) +
        owned('Pod', 'c', 'StatefulSet db', `spec: ${containers('db:1')}\n`) +
        owned('Pod', 'd', 'Node n1', `spec: ${containers('static:1')}\n`) +
        owned('Pod', 'e', 'Job once-20240101', `spec: ${containers('job:1')}\n`),
    });
    expect(inventory.uses.map(({ use }) => use.workload)).toEqual([
      'Deployment shop/web',
      'ReplicaSet shop/plain',
      'StatefulSet shop/db',
      'Pod shop/d',
      'Job shop/once-20240101',
    ]);
  });

  test('trap 81: a finished pod is history, unless nothing else of its owner is there', async () => {
    const done = `spec: ${containers('old:1')}\nstatus: {phase: Failed}\n`;
    const running = `spec: ${containers('new:1')}\nstatus: {phase: Running}\n`;
    const both = owned('Pod', 'a', 'StatefulSet db', done) + owned('Pod', 'b', 'StatefulSet db', running);
    expect(lookups(await inventoryOf({ 'a.yaml': both }))).toEqual(['new:1']);
    expect(lookups(await inventoryOf({ 'a.yaml': owned('Pod', 'a', 'StatefulSet db', done) }))).toEqual([
      'old:1',
    ]);
  });

  test('owners that own each other end', async () => {
    const text =
      owned('Job', 'a', 'Job b', `spec: ${containers('a:1')}\n`) +
      owned('Job', 'b', 'Job a', `spec: ${containers('b:1')}\n`);
    expect(lookups(await inventoryOf({ 'a.yaml': text })).sort()).toEqual(['a:1', 'b:1']);
  });
});

describe('trap 85: existing constraints', () => {
  async function constraintsOf(spec: string) {
    const inventory = await inventoryOf({ 'a.yaml': pod('nginx', spec) });
    return inventory.workloads[0]?.constraints.map(({ kind, text, architectures, required }) => ({
      kind,
      text,
      architectures,
      required,
    }));
  }
  const affinity = (required: string) =>
    `  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: ${required}}}}\n`;
  const arch = (operator: string, ...values: string[]) =>
    `{key: kubernetes.io/arch, operator: ${operator}, values: [${values.join(', ')}]}`;

  test.each(['kubernetes.io/arch', 'beta.kubernetes.io/arch'])('a node selector by %s', async (label) => {
    expect(await constraintsOf(`  nodeSelector: {disk: ssd, ${label}: amd64}\n`)).toEqual([
      { kind: 'node-selector', text: `${label}: amd64`, architectures: ['amd64'], required: true },
    ]);
  });

  test('the place of a constraint is that of its label', async () => {
    const inventory = await inventoryOf({
      'a.yaml': pod('nginx', '  nodeSelector:\n    kubernetes.io/arch: amd64\n'),
    });
    expect(inventory.workloads[0]?.constraints).toMatchObject([{ file: 'a.yaml', line: 7, column: 5 }]);
  });

  test('required terms are ORed: all restrict', async () => {
    expect(
      await constraintsOf(
        affinity(
          `[{matchExpressions: [${arch('In', 'amd64')}]}, {matchExpressions: [${arch('In', 's390x')}]}]`,
        ),
      ),
    ).toEqual([
      {
        kind: 'node-affinity',
        text: 'kubernetes.io/arch In amd64 or kubernetes.io/arch In s390x',
        architectures: ['amd64', 's390x'],
        required: true,
      },
    ]);
  });

  test('required terms are ORed: one that says nothing of architectures leaves all open', async () => {
    expect(
      await constraintsOf(
        affinity(
          `[{matchExpressions: [${arch('In', 'amd64')}]}, {matchExpressions: [{key: zone, operator: In, values: [a]}]}]`,
        ),
      ),
    ).toEqual([
      { kind: 'node-affinity', text: 'kubernetes.io/arch In amd64', architectures: [], required: false },
    ]);
  });

  test('an empty term matches no node and opens nothing', async () => {
    expect(await constraintsOf(affinity(`[{matchExpressions: [${arch('In', 'amd64')}]}, {}]`))).toMatchObject(
      [{ architectures: ['amd64'], required: true }],
    );
  });

  test('NotIn arm64 allows every other architecture', async () => {
    const [constraint] =
      (await constraintsOf(affinity(`[{matchExpressions: [${arch('NotIn', 'arm64')}]}]`))) ?? [];
    expect(constraint?.architectures).toContain('amd64');
    expect(constraint?.architectures).not.toContain('arm64');
    expect(constraint?.required).toBe(true);
  });

  test('expressions of one term are ANDed; Exists restricts nothing; DoesNotExist allows no node', async () => {
    expect(
      await constraintsOf(
        affinity(`[{matchExpressions: [${arch('In', 'amd64', 'arm64')}, ${arch('NotIn', 'arm64')}]}]`),
      ),
    ).toMatchObject([{ architectures: ['amd64'] }]);
    expect(await constraintsOf(affinity(`[{matchExpressions: [${arch('Exists')}]}]`))).toEqual([]);
    expect(await constraintsOf(affinity(`[{matchExpressions: [${arch('DoesNotExist')}]}]`))).toMatchObject([
      { architectures: [], required: true },
    ]);
  });

  test('a preference requires nothing', async () => {
    const spec = `  affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 5, preference: {matchExpressions: [${arch('In', 'amd64')}]}}]}}\n`;
    expect(await constraintsOf(spec)).toEqual([
      {
        kind: 'node-affinity',
        text: 'kubernetes.io/arch In amd64 (weight 5)',
        architectures: [],
        required: false,
      },
    ]);
  });

  test('a value that is a template requires nothing that is known', async () => {
    expect(await constraintsOf('  nodeSelector: {kubernetes.io/arch: "{{ .Values.arch }}"}\n')).toMatchObject(
      [{ architectures: [], required: false }],
    );
    expect(await constraintsOf(affinity(`[{matchExpressions: [${arch('In', '"$ARCH"')}]}]`))).toMatchObject([
      { architectures: [], required: false },
    ]);
  });

  test('a label value is compared literally: aarch64 matches no node', async () => {
    expect(await constraintsOf('  nodeSelector: {kubernetes.io/arch: aarch64}\n')).toMatchObject([
      { architectures: ['aarch64'] },
    ]);
  });
});

describe('Helm and Kustomize', () => {
  const values = `global: {imageRegistry: ""}
replicas: 1
image:
  registry: docker.io
  repository: bitnami/redis
  tag: "7.4.1"
  digest: ""
metrics:
  sidecarImage: {repository: exporter, tag: ""}
  image: oliver006/redis_exporter:v1
  other: {image: {repository: x, tag: 1.10}}
old: {image: busybox, imageTag: "1.36"}
`;

  test('trap 77: values give guesses, and no tag means the chart decides', async () => {
    const inventory = await inventoryOf({ 'chart/values.yaml': values });
    expect(
      inventory.uses.map(({ written, unresolved, use }) => [use.workload, written, unresolved === undefined]),
    ).toEqual([
      ['values image', 'docker.io/bitnami/redis:7.4.1', true],
      ['values metrics.sidecarImage', 'exporter', false],
      ['values metrics.image', 'oliver006/redis_exporter:v1', true],
      ['values metrics.other.image', 'x:1.10', false],
      ['values old.image', 'busybox:1.36', true],
    ]);
    expect(inventory.uses[1]?.unresolved).toContain('appVersion');
    expect(inventory.uses[3]?.unresolved).toContain('number');
    expect(inventory.uses.every(({ use }) => use.guess === true)).toBe(true);
    expect(places(inventory)[0]).toBe('chart/values.yaml:5:15 docker.io/bitnami/redis:7.4.1');
  });

  test('trap 77: a global registry leaves the registry open', async () => {
    const inventory = await inventoryOf({ 'values.yaml': values.replace('""', 'mirror.example.com') });
    expect(inventory.uses[0]?.unresolved).toContain('global.imageRegistry');
  });

  const broken =
    '{{- if .Values.on }}\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  {{- range .Values.c }}\n  - image: {{ .image }}:{{ .tag }}\n  {{- end }}\n{{- end }}\n';

  test('a chart’s templates are one problem a chart, subcharts included', async () => {
    const inventory = await inventoryOf({
      'charts/app/Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.0.0\n',
      'charts/app/templates/a.yaml': broken,
      'charts/app/templates/b.yaml': pod('"{{ .Values.image }}"'),
      'charts/app/templates/plain.yaml': pod('plain:1'),
      'charts/app/charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\n',
      'charts/app/charts/sub/templates/c.yaml': broken,
    });
    expect(inventory.problems).toHaveLength(1);
    expect(inventory.problems[0]?.file).toBe('charts/app');
    expect(inventory.problems[0]?.message).toContain('a Helm template; render it first with `helm template`');
    expect(lookups(inventory)).toEqual(['plain:1']);
  });

  test('a template named by itself is one problem with a place, not a flood', async () => {
    const inventory = await inventoryOf({ 't.yaml': `${broken}---\n${broken}---\n${pod('rest:1')}` }, [
      't.yaml',
    ]);
    expect(inventory.problems).toHaveLength(1);
    expect(inventory.problems[0]).toMatchObject({
      file: 't.yaml',
      line: expect.any(Number),
      column: expect.any(Number),
    });
    expect(inventory.problems[0]?.message).toContain('a Helm template; render it first with `helm template`');
    expect(lookups(inventory)).toEqual(['rest:1']);
  });

  test('trap 79: a kustomization says what it puts in, and that its bases are not what runs', async () => {
    const inventory = await inventoryOf({
      'kustomization.yaml':
        'resources: [base]\nimages:\n- name: app\n  newName: quay.io/acme/app\n  newTag: "2"\n- {name: other, newName: x}\n',
    });
    expect(lookups(inventory)).toEqual(['quay.io/acme/app:2', '? x']);
    expect(inventory.problems).toMatchObject([{ file: 'kustomization.yaml', line: 3 }]);
  });
});

describe('field 12: the pull secrets of manifests', () => {
  const namespaced = (kind: string, name: string, rest: string) =>
    `---\napiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\n${rest}\n`;
  const secret = namespaced(
    'Secret',
    'regcred',
    'type: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: e30=, other: x}',
  );
  const other = namespaced('Secret', 'plain', 'data: {password: eA==}');

  test('a pod’s own secrets, across files, and only those that are there', async () => {
    const inventory = await inventoryOf({
      'a.yaml': namespaced(
        'Pod',
        'p',
        'spec: {imagePullSecrets: [{name: regcred}, {name: elsewhere}], containers: [{name: c, image: "x:1"}]}',
      ),
      'b.yaml': secret + other,
    });
    expect(inventory.uses).toMatchObject([{ written: 'x:1', pullSecrets: ['shop/regcred'] }]);
    expect([...(inventory.pullSecrets ?? [])]).toEqual([
      ['shop/regcred', { name: 'regcred', namespace: 'shop', data: { '.dockerconfigjson': 'e30=' } }],
    ]);
    expect(inventory.uses[0]).not.toHaveProperty('serviceAccount');
  });

  test('a service account’s secrets, unless the pod names its own', async () => {
    const account = (name: string) =>
      namespaced('ServiceAccount', name, 'imagePullSecrets: [{name: regcred}]');
    const podOf = (name: string, spec: string) =>
      namespaced('Pod', name, `spec: {${spec}containers: [{name: c, image: "${name}:1"}]}`);
    const inventory = await inventoryOf({
      'a.yaml':
        podOf('named', 'serviceAccountName: robot, ') +
        podOf('default', '') +
        podOf('own', 'serviceAccountName: robot, imagePullSecrets: [{name: nowhere}], ') +
        podOf('none', 'serviceAccountName: other, '),
      'b.yaml': secret + account('robot') + account('default'),
    });
    expect(inventory.uses.map(({ pullSecrets }) => pullSecrets)).toEqual([
      ['shop/regcred'],
      ['shop/regcred'],
      undefined,
      undefined,
    ]);
  });
});
