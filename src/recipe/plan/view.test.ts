// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so expressions are written in recipes
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planViewSchema } from '../../results/index.ts';
import { istioRecipe } from '../document/istio-recipe.test-support.ts';
import { readRecipe } from '../document/read-recipe.ts';
import { parseTemplate } from '../document/template.ts';
import { planRecipe } from './plan-recipe.ts';
import { shellValue, shellWords } from './shell.ts';
import { showPlan } from './view.ts';

async function istioView() {
  const recipe = readRecipe({ text: istioRecipe, file: 'istio.yaml' });
  return showPlan(await planRecipe(recipe, { parameters: {}, directory: '.' }));
}

describe('the view of a plan', () => {
  it('is what its schema says', async () => {
    const view = await istioView();
    expect(planViewSchema.strict().parse(view)).toEqual(view);
  });

  it('shows the exact commands in order, as a person types them', async () => {
    const view = await istioView();
    expect(view.sources[0]?.commands.map(({ shell }) => shell)).toContain(
      'git clone --no-checkout -- https://github.com/istio/istio.git istio/istio.partial',
    );
    expect(view.sources[0]?.commands.at(-1)?.shell).toBe("git -C istio/istio rev-parse HEAD 'HEAD^{tree}'");
    expect(view.steps[1]?.command.shell).toBe(
      "docker run --rm -v istio/proxy:/work '${{ steps.build-tools.images.build }}' make build",
    );
    expect(view.steps[2]).toMatchObject({
      command: { kind: 'script', shell: 'TARGET_ARCH=arm64 make build' },
      workdir: 'istio/istio',
    });
    expect(view.steps[4]).toMatchObject({
      id: 'bases/dockerx.base',
      when: "parameters.channel == 'stable'",
      command: { shell: 'make dockerx.base' },
    });
    expect(view.expectedSeconds).toBe(35 * 60);
  });

  it('names the variable that holds a secret', async () => {
    const [step] = (await istioView()).steps;
    expect(step?.environment[1]).toEqual({
      name: 'GITHUB_TOKEN',
      value: '$GITHUB_TOKEN',
      secret: true,
      shell: 'export GITHUB_TOKEN="$GITHUB_TOKEN"',
    });
  });
});

describe('words for a shell', () => {
  const printed = (script: string, env: Record<string, string> = {}) =>
    execFileSync('sh', ['-c', script], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', ...env },
    });

  it('are read as they were, whatever they hold', () => {
    const word = fc.string({ unit: 'binary-ascii' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        expect(printed(shellWords(['printf', '%s|', ...words]))).toBe(
          words.map((text) => `${text}|`).join(''),
        );
      }),
      { numRuns: 100 },
    );
    expect(shellWords(['A=b', 'C=d'])).toBe("'A=b' C=d");
  });

  it('read secrets from their variables, and nothing else', () => {
    const template = parseTemplate(
      "it's $HOME ${{ parameters.token }}`id`${{ parameters.token }}",
      new Set(['token']),
    );
    const value = shellValue(template, () => 'SECRET');
    expect(printed(`V=${value}; printf %s "$V"`, { SECRET: '$(id) "x"' })).toBe(
      'it\'s $HOME $(id) "x"`id`$(id) "x"',
    );
    expect(shellValue([], () => 'X')).toBe("''");
  });
});
