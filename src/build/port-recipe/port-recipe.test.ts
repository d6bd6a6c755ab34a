import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../core/index.ts';
import { DocumentError } from '../../document/index.ts';
import { planPortRecipe } from './plan-port-recipe.ts';
import { readPortRecipe } from './read-port-recipe.ts';

const hole = (name: string) => `\${{ ${name} }}`;
const sum = (letter: string) => letter.repeat(64);
const text = `schemaVersion: 1
kind: port
name: tool-assemble
versions: '>=1.0.0 <3.0.0'
parameters:
  version: { default: 1.5.0 }
  tool: { description: where tool is }
  tool-sha256: { default: '', pattern: '(?:[0-9a-f]{64})?' }
  helper: { description: the version of helper }
  helper-sha256: { default: '' }
defaults:
  - { versions: '<2.0.0', values: { helper: 3.1.0 } }
  - { versions: '>=2.0.0', values: { helper: 4.0.0 } }
sums:
  helper: { 3.1.0: ${sum('a')} }
image: 'registry.example/tool:v\${{ parameters.version }}'
bases: ['registry.example/base:\${{ parameters.version }}']
replace:
  - path: /usr/bin/tool
    from: '\${{ parameters.tool }}'
    sha256: { parameter: tool-sha256 }
  - path: /usr/bin/helper
    from: 'https://releases.example/helper-\${{ parameters.helper }}.tar.gz'
    member: 'helper-\${{ parameters.helper }}/helper'
    sha256: { parameter: helper-sha256, sums: helper, of: '\${{ parameters.helper }}' }
  - path: /usr/bin/old
    from: https://releases.example/old
    sha256: ${sum('c')}
    versions: '<1.2.0'
waive:
  - { path: /usr/bin/dead, reason: nobody builds it any more }
publish: { name: tool, tag: 'v\${{ parameters.version }}' }
`;

const read = (changed = text) => readPortRecipe({ text: changed, file: 'tool.yaml' });
const plan = (given: Readonly<Record<string, string>> = {}, changed = text) =>
  planPortRecipe(read(changed), given);

function thrown(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was wrong');
}

/** What is wrong with the recipe, each with its line. */
function problems(changed: string): readonly string[] {
  const error = thrown(() => read(changed));
  if (!(error instanceof DocumentError)) throw error;
  return error.problems.map(({ line, message }) => `${line}: ${message}`);
}

const lineOf = (words: string) => text.slice(0, text.indexOf(words)).split('\n').length;

describe('a port recipe', () => {
  test('is planned with what the person says, what the version decides, and its defaults', () => {
    expect(plan({ tool: './tool-arm64' })).toEqual({
      recipe: 'tool-assemble',
      parameters: {
        version: '1.5.0',
        tool: './tool-arm64',
        'tool-sha256': '',
        helper: '3.1.0',
        'helper-sha256': '',
      },
      reference: 'registry.example/tool:v1.5.0',
      bases: ['registry.example/base:1.5.0'],
      replacements: [
        { path: '/usr/bin/tool', from: './tool-arm64' },
        {
          path: '/usr/bin/helper',
          from: 'https://releases.example/helper-3.1.0.tar.gz!/helper-3.1.0/helper',
          sha256: sum('a'),
        },
      ],
      waivers: [{ path: '/usr/bin/dead', reason: 'nobody builds it any more' }],
      publish: { name: 'tool', tag: 'v1.5.0' },
    });
  });

  test('replaces a path only in the versions that have it', () => {
    const { replacements } = plan({ tool: 'tool', version: '1.1.0' });
    expect(replacements.at(-1)).toEqual({
      path: '/usr/bin/old',
      from: 'https://releases.example/old',
      sha256: sum('c'),
    });
  });

  test('takes what a person gives before what the version decides', () => {
    const given = { tool: 'tool', helper: '9.9.9', 'helper-sha256': sum('b') };
    const { parameters, replacements } = plan(given);
    expect(parameters).toMatchObject(given);
    expect(replacements[1]).toMatchObject({ sha256: sum('b') });
  });

  test('asks at once for every checksum that nobody knows, by the parameter to give', () => {
    const error = thrown(() => plan({ tool: 'https://builds.example/tool', version: '2.0.0' }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message.split('\n')).toEqual([
      'the recipe knows no SHA-256 of https://builds.example/tool, for /usr/bin/tool: give --param tool-sha256=HEX',
      'the recipe knows no SHA-256 of https://releases.example/helper-4.0.0.tar.gz of version 4.0.0, for /usr/bin/helper: give --param helper-sha256=HEX',
    ]);
  });

  test('needs no checksum of an address that says its own', () => {
    const address = `https://builds.example/tool#sha256:${sum('d')}`;
    expect(plan({ tool: address }).replacements[0]).toEqual({ path: '/usr/bin/tool', from: address });
  });

  test('says which parameter is missing, unknown or wrong', () => {
    expect(thrown(() => plan()).message).toBe('the parameter "tool" needs a value (where tool is)');
    expect(thrown(() => plan({ tool: 'x', tol: 'y' })).message).toContain('did you mean "tool"?');
    expect(thrown(() => plan({ tool: 'x', 'tool-sha256': 'abc' })).message).toContain(`doesn't match`);
  });

  test('is for no version outside its range, nor for what is no version', () => {
    for (const version of ['3.0.0', '0.9.0', 'latest'])
      expect(thrown(() => plan({ tool: 'x', helper: '3.1.0', version })).message).toBe(
        `the port recipe tool-assemble is for >=1.0.0 <3.0.0, and ${version} is not`,
      );
  });

  test('reads no file of this machine that the person did not name', () => {
    const own = text.replace('tool: { description: where tool is }', 'tool: { default: ./secret }');
    expect(thrown(() => plan({}, own)).message).toContain('names a file of this machine for /usr/bin/tool');
    expect(plan({ tool: './secret' }, own).replacements[0]).toMatchObject({ from: './secret' });
    const joined = text.replace(`'${hole('parameters.tool')}'`, `'${hole('parameters.tool')}/tool'`);
    expect(thrown(() => plan({ tool: '.' }, joined)).message).toContain('names a file of this machine');
  });

  test('never reads a value again for expressions', () => {
    const { replacements } = plan({ tool: `./\${{ parameters.version }}` });
    expect(replacements[0]?.from).toBe(`./\${{ parameters.version }}`);
  });
});

describe('what is wrong with a port recipe is said with its line', () => {
  test('all of it at once', () => {
    const changed = text
      .replace("parameters.version }}'\nbases", "parameters.vresion }}'\nbases")
      .replace('sums: helper,', 'sums: helpers,')
      .replace('values: { helper: 4.0.0 }', 'values: { helpr: 4.0.0 }');
    expect(problems(changed)).toEqual([
      `${lineOf("  - { versions: '>=2.0.0'")}: there is no parameter "helpr"; did you mean "helper"?`,
      `${lineOf('image:')}: there is no parameter "vresion"; did you mean "version"?`,
      `${lineOf('    sha256: { parameter: helper-sha256')}: there is no table of sums "helpers"; did you mean "helper"?`,
    ]);
  });

  test.each([
    ['an unknown member', 'tag: ', 'tga: ', /"publish.tga" is unknown; did you mean "tag"/],
    ['a relative path', 'path: /usr/bin/tool', 'path: usr/bin/tool', /begins with \//],
    [
      'a file that nobody named',
      `from: '${hole('parameters.tool')}'`,
      'from: ./tool',
      /an address, or a parameter/,
    ],
    ['another source of values', hole('parameters.tool'), hole('steps.a.values.b'), /knows parameters alone/],
    ['an expression that is not closed', hole('parameters.tool'), `\${{ parameters.tool`, /not closed/],
    ['an address without a checksum', `    sha256: ${sum('c')}\n`, '', /needs a "sha256"/],
    ['a path that is named twice', 'path: /usr/bin/helper', 'path: /usr/bin/tool', /named twice/],
    ['a range that is none', "versions: '<1.2.0'", "versions: 'before 2'", /not a range of versions/],
    ['a checksum that is none', sum('a'), 'abc', /64 hexadecimal digits/],
    ['a secret', 'tool: { description: where tool is }', 'tool: { type: secret }', /has no secrets/],
    ['half of a table', `, of: '${hole('parameters.helper')}' }`, ' }', /neither says anything alone/],
    [
      'a default that does not match',
      'helper-sha256: { default:',
      "helper-sha256: { pattern: 'x', default:",
      /match/,
    ],
  ])('%s', (_, from, to, message) => {
    expect(text).toContain(from);
    const found = problems(text.replace(from, () => to));
    expect(found.join('\n')).toMatch(message);
    expect(found.every((problem) => /^\d+: /.test(problem))).toBe(true);
  });

  test('what the version decides, where there is none', () => {
    const changed = text
      .replaceAll('parameters.version', 'parameters.helper')
      .replace('  version: { default: 1.5.0 }\n', '');
    expect(problems(changed).join('\n')).toMatch(/needs a parameter "version"/);
  });
});

describe('the recipe that puts Argo CD together', () => {
  const file = fileURLToPath(new URL('../../../catalog/recipes/argo-cd-assemble.yaml', import.meta.url));
  const shipped = () => readPortRecipe({ text: readFileSync(file, 'utf8'), file });

  test('knows the tools of each release, and where they are', () => {
    const { reference, replacements, publish } = planPortRecipe(shipped(), {
      version: '2.2.5',
      argocd: './argocd-linux-arm64',
    });
    expect([reference, publish]).toEqual([
      'quay.io/argoproj/argocd:v2.2.5',
      { name: 'argocd', tag: 'v2.2.5' },
    ]);
    expect(replacements.map(({ path, from }) => [path, from])).toEqual([
      ['/usr/local/bin/argocd', './argocd-linux-arm64'],
      ['/usr/local/bin/helm', 'https://get.helm.sh/helm-v3.7.1-linux-arm64.tar.gz!/linux-arm64/helm'],
      ['/usr/local/bin/helm2', 'https://get.helm.sh/helm-v2.17.0-linux-arm64.tar.gz!/linux-arm64/helm'],
      [
        '/usr/local/bin/kustomize',
        'https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize/v4.2.0/kustomize_v4.2.0_linux_arm64.tar.gz!/kustomize',
      ],
    ]);
    expect(replacements.slice(1).every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256 ?? ''))).toBe(true);
  });

  test('asks for the checksum that it does not know', () => {
    expect(thrown(() => planPortRecipe(shipped(), { version: '2.0.5', argocd: './a' })).message).toMatch(
      /kustomize_v3\.9\.4_linux_arm64.*--param kustomize-sha256=HEX/,
    );
  });

  test('is for releases without an image for arm64', () => {
    expect(
      thrown(() =>
        planPortRecipe(shipped(), { version: '2.3.0', argocd: './a', helm: '3.8.0', kustomize: '4.4.1' }),
      ).message,
    ).toContain('is for >=2.0.0 <2.3.0');
  });
});
