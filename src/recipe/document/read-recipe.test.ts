// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so expressions are written in recipes
import { describe, expect, it } from 'vitest';
import { DocumentError } from '../../document/index.ts';
import { istioRecipe } from './istio-recipe.test-support.ts';
import { readRecipe } from './read-recipe.ts';

const head = 'schemaVersion: 1\nkind: recipe\nname: a\n';
const oneStep = 'steps:\n  build:\n    run: make\n';

/** `LINE: MESSAGE` of each problem; lines count from below the three of the head. */
function problemsOf(text: string): string[] {
  try {
    readRecipe({ text: head + text, file: 'a.yaml' });
    return [];
  } catch (error) {
    if (error instanceof DocumentError)
      return error.problems.map(({ line, message }) => `${(line ?? 0) - 3}: ${message}`);
    throw error;
  }
}

/** One problem, at the line that is marked with "# here". */
function onlyProblemOf(text: string): string {
  const problems = problemsOf(text);
  expect(problems).toHaveLength(1);
  const [line, ...message] = (problems[0] ?? '').split(': ');
  const marked = text.split('\n').findIndex((row) => row.includes('# here')) + 1;
  expect(Number(line)).toBe(marked);
  return message.join(': ');
}

const fake = (prefix: string) => prefix + 'a'.repeat(36);

describe('a recipe', () => {
  it('close to what was done by hand for Istio is read, with places and its checksum', () => {
    const recipe = readRecipe({ text: istioRecipe, file: 'istio.yaml' });
    expect(Object.keys(recipe.value.steps)).toEqual([
      ...['build-tools', 'envoy', 'binaries', 'place-envoy', 'bases', 'images'],
    ]);
    expect(recipe.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(recipe.placeOf(['steps', 'envoy'])?.line).toBe(istioRecipe.split('\n').indexOf('  envoy:') + 1);
  });

  it('tells all that is wrong at once, in the order of lines', () => {
    const problems = problemsOf(
      'versions: nonsense\nsteps:\n  build:\n    needs: [tset]\n    run: [make, "${{ parameters.x }}"]\n  test:\n    run: x\n',
    );
    expect(problems).toEqual([
      '1: "nonsense" is no range of versions, such as ">=1.16.5" or "1.15 - 1.17"',
      '4: there is no step "tset"; did you mean "test"?',
      '5: "parameters.x": there is no parameter "x"',
    ]);
  });

  it('has at least one step', () => {
    expect(onlyProblemOf('steps: {} # here\n')).toBe('a recipe has at least one step');
  });

  it('says few enough problems of a hopeless document, in no time', () => {
    const steps = Array.from(
      { length: 900 },
      (_, index) => `  s${index}:\n    needs: [${'nothing-like-it, '.repeat(20)}x]\n    run: make\n`,
    );
    const began = performance.now();
    expect(problemsOf(`steps:\n${steps.join('')}`)).toHaveLength(100);
    expect(performance.now() - began).toBeLessThan(8000);
  });
});

describe('the steps of a recipe', () => {
  it('may not need each other in a circle, which is named whole', () => {
    const step = (name: string, need: string) => `  ${name}:\n    run: x\n    needs:\n      - ${need}\n`;
    expect(onlyProblemOf(`steps:\n${step('a', 'c')}${step('b', 'a # here')}${step('c', 'b')}`)).toBe(
      'steps need each other in a circle: a → c → b → a',
    );
  });

  it('may not need one below that needs it only because it stands there', () => {
    expect(onlyProblemOf('steps:\n  a:\n    needs: [b]\n    run: x\n  b: # here\n    run: x\n')).toBe(
      'steps need each other in a circle: a → b → a (a step without "needs" needs the one above it)',
    );
  });

  it('may not need each other by what their expressions name, themselves included', () => {
    const output = 'outputs: { values: [v] }';
    expect(
      onlyProblemOf(
        `steps:\n  a:\n    needs: []\n    environment:\n      V: \${{ steps.a.values.v }} # here\n    run: x\n    ${output}\n`,
      ),
    ).toBe('the step "a" needs itself');
    expect(
      onlyProblemOf(
        `environment:\n  V: \${{ steps.a.values.v }} # here\nsteps:\n  a:\n    run: x\n    ${output}\n`,
      ),
    ).toBe('the step "a" needs itself');
  });

  it('name environments that there are, and loop over one variable', () => {
    expect(
      onlyProblemOf(
        'environments:\n  release: {}\nsteps:\n  a:\n    environments:\n      - relaese # here\n    run: x\n',
      ),
    ).toBe('there is no environment "relaese"; did you mean "release"?');
    expect(onlyProblemOf('steps:\n  a:\n    foreach: { x: [a], y: [b] } # here\n    run: x\n')).toBe(
      'a foreach has one variable, not 2',
    );
    expect(onlyProblemOf('steps:\n  a:\n    foreach: {} # here\n    run: x\n')).toBe(
      'a foreach has one variable, not 0',
    );
  });

  it('have no expressions in scripts, and are told where to put them', () => {
    const message = onlyProblemOf(
      'parameters: { v: {} }\nsteps:\n  a:\n    run: make ${{ parameters.v }} # here\n',
    );
    expect(message).toContain('would be read as code');
    expect(message).toContain('"environment"');
  });

  it('begin with a letter, so that none is moved by its number', () => {
    expect(problemsOf('steps:\n  "10":\n    run: x\n')[0]).toContain('begins with a small letter');
  });

  it('have paths below the workspace, and none twice', () => {
    const file = (path: string) =>
      `steps:\n  a:\n    run: x\n    outputs:\n      files:\n        f:\n          path: ${path} # here\n`;
    expect(onlyProblemOf(file('/etc/passwd'))).toContain('is absolute');
    expect(onlyProblemOf(file('out/../../x'))).toContain('leads out by ".."');
    expect(onlyProblemOf(file('./'))).toBe('it is the workspace itself');
    expect(onlyProblemOf(file('.armload/x'))).toContain("armload's own");
    expect(onlyProblemOf('steps:\n  a:\n    workdir: ../x # here\n    run: x\n')).toContain('".."');
    expect(
      onlyProblemOf(
        'steps:\n  a:\n    run: x\n    outputs:\n      files:\n        f: { path: out/x }\n        g:\n          path: ./out//x # here\n',
      ),
    ).toBe('the output "f" of the step "a" is in "./out//x" already');
  });

  it('make images whose platform is one', () => {
    expect(
      onlyProblemOf(
        'steps:\n  a:\n    run: x\n    outputs:\n      images:\n        i:\n          reference: a\n          platform: "///" # here\n',
      ),
    ).toContain('is no platform');
  });
});

describe('the expressions of a recipe', () => {
  const words = (expression: string, more = '') =>
    `${more}steps:\n  b:\n    needs: []\n    outputs:\n      values: [out]\n      files: { f: { path: f } }\n      images: { i: { reference: i } }\n    run: x\n` +
    `  a:\n    run:\n      - x\n      - ${expression} # here\n`;

  it('name what there is, with a guess at what was meant', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['"${{ steps.bb.values.out }}"', 'there is no step "bb"; did you mean "b"?'],
      ['"${{ steps.b.values.oout }}"', 'there is no value of the step "b" "oout"; did you mean "out"?'],
      ['"${{ steps.b.files.g }}"', 'there is no file of the step "b" "g"; did you mean "f"?'],
      ['"${{ steps.b.images.i.digest }}"', 'there is no member of this output "digest"; there are id'],
      ['"${{ steps.b.value.out }}"', 'there is no kind of output "value"; did you mean "values"?'],
      ['"${{ steps.b.constructor.out }}"', 'there is no kind of output "constructor"'],
      ['"${{ parameters.constructor }}"', 'there is no parameter "constructor"'],
      ['"${{ host.arch }}"', 'there is no fact of the host "arch"'],
      ['"${{ run.name }}"', 'there is no fact of the run "name"'],
      ['"${{ run.id.x }}"', '"x" is too much'],
      ['"${{ foreach.x }}"', 'this step has no foreach'],
      ['"${{ step.b.values.out }}"', 'there is no source of values "step"; did you mean "steps"?'],
      ['"${{ sources.s.commit }}"', 'there is no source "s"'],
    ];
    for (const [expression, message] of cases) expect(onlyProblemOf(words(expression))).toContain(message);
    for (const good of [
      'steps.b.values.out',
      'steps.b.files.f',
      'steps.b.files.f.sha256',
      'steps.b.images.i.id',
      'host.cpus',
      'run.id',
    ])
      expect(problemsOf(words(`"\${{ ${good} }}"`))).toEqual([]);
  });

  it('are whole, or the column is told', () => {
    expect(onlyProblemOf(words('"ab ${{ parameters.x"'))).toContain('"}}" is missing (column 4 of the text)');
    expect(onlyProblemOf(words('"${{ }}"'))).toContain('an expression is empty');
    expect(onlyProblemOf(words('"${{ 1 + 1 }}"'))).toContain('no path of names');
    expect(onlyProblemOf("steps:\n  a:\n    when: host.os = 'linux' # here\n    run: x\n")).toContain(
      '"=" compares nothing: "==" does (column 9 of the text)',
    );
  });

  it('can not name outputs of what is done more than once', () => {
    expect(
      onlyProblemOf(
        'steps:\n  a:\n    foreach: { t: [x, y] }\n    run: x\n    outputs: { values: [v] }\n  b:\n    run:\n      - x\n      - ${{ steps.a.values.v }} # here\n',
      ),
    ).toContain('the step "a" is done more than once');
  });

  it('stand only where their values are known', () => {
    expect(
      onlyProblemOf(
        `sources:\n  s:\n    url: https://a.example/x\n    sha256: \${{ host.os }} # here\n    path: s\n${oneStep}`,
      ),
    ).toBe('"host.os": that is not known here; only parameters are');
    expect(
      onlyProblemOf(
        `requires:\n  tools:\n    - name: go\n      get:\n        - run: x\n          when: run.id == 'x' # here\n${oneStep}`,
      ),
    ).toContain('only parameters and host are');
  });
});

describe('the sources of a recipe', () => {
  const git = (members: string) =>
    `sources:\n  s: # here\n    path: s\n    git: https://git.example/a.git\n${members}${oneStep}`;
  const commit = `    commit: ${'a'.repeat(40)}\n`;

  it('have either a commit or a ref', () => {
    expect(onlyProblemOf(git(''))).toContain('either "commit" or "ref"');
    expect(onlyProblemOf(git(`${commit}    ref: main\n`))).toContain('either "commit" or "ref"');
    expect(problemsOf(git(commit))).toEqual([]);
  });

  it('are at addresses that run no program, without a password, and at refs that are no options', () => {
    const at = (address: string) =>
      onlyProblemOf(`sources:\n  s:\n    git: ${address} # here\n    ref: main\n    path: s\n${oneStep}`);
    expect(at('ext::sh -c x')).toContain('is no address with https://');
    expect(at('http://git.example/a')).toContain('is no address with https://');
    expect(at('--upload-pack=x')).toContain('is no address');
    expect(at('ssh://-oProxyCommand=x/a')).toMatch(/names no host|is no address/);
    expect(at('git@git.example:a/b')).toContain('is no address');
    expect(at(`https://user:${'hunter'}2@git.example/a`)).not.toContain('hunter');
    const ref = (text: string) =>
      onlyProblemOf(
        `sources:\n  s:\n    git: file:///srv/a.git\n    ref: ${text} # here\n    path: s\n${oneStep}`,
      );
    expect(ref('--upload-pack=x')).toContain('begins with "-"');
    expect(ref('"a:b"')).toContain('is no name of a branch or tag');
    expect(ref('a..b')).toContain('is no name of a branch or tag');
    expect(
      onlyProblemOf(
        `sources:\n  s:\n    git: ssh://git@git.example/a\n    ref: main\n    branch: -B # here\n    path: s\n${oneStep}`,
      ),
    ).toContain('begins with "-"');
    expect(
      onlyProblemOf(
        `sources:\n  s:\n    git: https://git.example/a\n    commit: abc # here\n    path: s\n${oneStep}`,
      ),
    ).toContain('40 hexadecimal digits');
  });

  it('are in paths of their own, the outer one first', () => {
    const two = (first: string, second: string) =>
      `sources:\n  s:\n    file: x\n    path: ${first}\n  t:\n    file: y\n    path: ${second}\n${oneStep}`;
    expect(onlyProblemOf(two('a/b', 'a//b/ # here'))).toContain('the source "s" is in "a//b/" already');
    expect(onlyProblemOf(two('a/b # here', 'a'))).toContain(
      'inside the source "t", which has to stand above it',
    );
    expect(problemsOf(two('a', 'a/b'))).toEqual([]);
    expect(onlyProblemOf(two('a', '-a # here'))).toContain('neither begins with "-"');
    expect(onlyProblemOf(two('a', 'b.partial # here'))).toContain('.partial');
    expect(onlyProblemOf(two('a', '/b # here'))).toContain('is absolute');
  });

  it('of files are beside the recipe', () => {
    expect(onlyProblemOf(`sources:\n  s:\n    file: ../secrets # here\n    path: s\n${oneStep}`)).toContain(
      'leads out',
    );
    expect(onlyProblemOf(`sources:\n  s:\n    file: /etc/passwd # here\n    path: s\n${oneStep}`)).toContain(
      'paths are below the recipe',
    );
  });
});

describe('secrets', () => {
  const parameter = 'parameters: { token: { type: secret, default: TOKEN } }\n';

  it('are never in a recipe, by the names of variables', () => {
    for (const name of [
      'TOKEN',
      'GITHUB_TOKEN',
      'PGPASSWORD',
      'API_KEY',
      'AWS_SECRET_ACCESS_KEY',
      'NPM_SECRET',
      'my_private_key',
    ]) {
      const message = onlyProblemOf(
        `steps:\n  a:\n    run: x\n    environment:\n      ${name}: hunter2 # here\n`,
      );
      expect(message).toContain('type: secret');
      expect(message).not.toContain('hunter2');
      expect(onlyProblemOf(`environment:\n  ${name}: hunter2 # here\n${oneStep}`)).not.toContain('hunter2');
    }
    for (const plain of [
      'TOKEN_FILE: /run/token',
      'USE_TOKEN: "true"',
      'TOKENIZER: bpe',
      'KEYS: a',
      'PASSWORD: ""',
    ])
      expect(problemsOf(`environment:\n  ${plain}\n${oneStep}`)).toEqual([]);
  });

  it('are never in a recipe, by their form, wherever they stand', () => {
    for (const secret of [
      fake('ghp_'),
      fake('glpat-'),
      `AKIA${'A'.repeat(16)}`,
      `-----BEGIN RSA ${'PRIVATE'} KEY-----`,
    ]) {
      const inScript = onlyProblemOf(
        `steps:\n  a:\n    run: curl -H "${secret}" https://a.example # here\n`.replace(/"/g, "'"),
      );
      expect(inScript).toContain('by its form');
      expect(inScript).not.toContain(secret);
      expect(onlyProblemOf(`description: ${secret} # here\n${oneStep}`)).not.toContain(secret);
    }
  });

  it("may be in a step's own environment, mixed with text, and nowhere else", () => {
    const secret = '${{ parameters.token }}';
    expect(
      problemsOf(
        `${parameter}steps:\n  a:\n    run: x\n    environment:\n      HEADER: Bearer ${secret}\n      TOKEN: ${secret}\n`,
      ),
    ).toEqual([]);
    const places = [
      `environment:\n  HEADER: ${secret} # here\n${oneStep}`,
      `steps:\n  a:\n    run:\n      - ${secret} # here\n`,
      `steps:\n  a:\n    run: x\n    workdir: ${secret} # here\n`,
      `steps:\n  a:\n    run: x\n    when: parameters.token == 'x' # here\n`,
      `steps:\n  a:\n    run: x\n    foreach:\n      t:\n        - ${secret} # here\n`,
      `steps:\n  a:\n    run: x\n    outputs:\n      files:\n        f:\n          path: ${secret} # here\n`,
      `sources:\n  s:\n    git: https://git.example/${secret} # here\n    ref: main\n    path: s\n${oneStep}`,
      `publish:\n  - image: \${{ steps.a.images.i }}\n    name: ${secret} # here\nsteps:\n  a:\n    run: x\n    outputs: { images: { i: { reference: i } } }\n`,
    ];
    for (const place of places)
      expect(onlyProblemOf(parameter + place)).toContain("only be in a step's own environment");
  });

  it('are parameters that say so, whose default is the name of a variable', () => {
    expect(onlyProblemOf(`parameters:\n  api-token: {} # here\n${oneStep}`)).toContain('type: secret');
    const message = onlyProblemOf(
      `parameters:\n  t:\n    type: secret\n    default: s3cr.et # here\n${oneStep}`,
    );
    expect(message).toContain('never the secret');
    expect(message).not.toContain('s3cr');
    expect(onlyProblemOf(`passEnvironment:\n  - GITHUB_TOKEN # here\n${oneStep}`)).toContain('type: secret');
  });

  it("leave armload's own variables alone", () => {
    expect(onlyProblemOf(`environment:\n  ARMLOAD_VALUES: x # here\n${oneStep}`)).toContain('ARMLOAD_');
  });
});

describe('parameters, versions and patterns', () => {
  it('are ranges and patterns that can be, with defaults that they let through', () => {
    expect(onlyProblemOf(`parameters:\n  v:\n    pattern: "(" # here\n${oneStep}`)).toContain(
      'it is no pattern',
    );
    expect(
      onlyProblemOf(`parameters:\n  v:\n    pattern: "[0-9]+"\n    default: 1x # here\n${oneStep}`),
    ).toBe('"1x" doesn\'t match [0-9]+');
    expect(onlyProblemOf(`parameters:\n  v:\n    oneOf: [a, b]\n    default: c # here\n${oneStep}`)).toBe(
      '"c" is none of a, b',
    );
    expect(
      onlyProblemOf(`parameters:\n  v:\n    type: commit\n    default: main # here\n${oneStep}`),
    ).toContain('40 hexadecimal digits');
    expect(
      onlyProblemOf(`requires:\n  tools:\n    - name: go\n      version: new # here\n${oneStep}`),
    ).toContain('no range of versions');
  });

  it('may not keep armload busy for years', () => {
    expect(
      onlyProblemOf(
        `parameters:\n  v:\n    pattern: (a+)+\n    default: ${'a'.repeat(60)}! # here\n${oneStep}`,
      ),
    ).toContain('takes too long');
  });
});

describe('checks and publications', () => {
  const build =
    'steps:\n  a:\n    run: x\n    outputs: { images: { i: { reference: i } }, files: { f: { path: f } } }\n';

  it('name image outputs', () => {
    expect(onlyProblemOf(`${build}publish:\n  - name: a\n    image: istio/pilot # here\n`)).toContain(
      'is no image output',
    );
    expect(
      onlyProblemOf(`${build}publish:\n  - name: a\n    image: \${{ steps.a.images.j }} # here\n`),
    ).toContain('there is no image of the step "a" "j"');
    expect(onlyProblemOf(`${build}verify:\n  - image: \${{ steps.a.files.f }} # here\n`)).toContain(
      'is no image output',
    );
  });

  it('are published once, under names and tags that a registry takes', () => {
    const image = 'image: ${{ steps.a.images.i }}';
    expect(
      onlyProblemOf(`${build}publish:\n  - ${image}\n    name: x\n  - ${image}\n    name: x # here\n`),
    ).toContain('has the same name and tag');
    expect(onlyProblemOf(`${build}publish:\n  - ${image}\n    name: Istio # here\n`)).toContain(
      'no name of a repository',
    );
    expect(onlyProblemOf(`${build}publish:\n  - ${image}\n    name: x\n    tag: a b # here\n`)).toContain(
      'is no tag',
    );
  });

  it('check something', () => {
    expect(onlyProblemOf(`${build}verify:\n  - title: x # here\n`)).toContain('it checks nothing');
    expect(
      onlyProblemOf(`${build}verify:\n  - image: \${{ steps.a.images.i }} # here\n    machine: arm64\n`),
    ).toContain('are of a "file"');
    expect(
      onlyProblemOf(`${build}verify:\n  - version:\n      run: [x]\n      matches: "[" # here\n`),
    ).toContain('it is no pattern');
  });
});
