import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { elfHeader, makeWorld, recipe, textsBelow, type World } from '../run/run.test-support.ts';
import { runPlan } from '../run/runner/run-plan.ts';
import { runShell, type ScriptEnd, workspaceFiles } from './export.test-support.ts';
import { exportShell } from './export-shell.ts';
import { basics, constants } from './library/basics.ts';
import { outputs } from './library/outputs.ts';
import { richRecipe, writeRichFiles } from './rich-recipe.test-support.ts';

let world: World;
let workspace: string;
beforeEach(async () => {
  world = await makeWorld({ TOKEN: 'hunter2 is no password' });
  workspace = join(world.folder, 'w');
});
afterEach(() => world.remove());

async function scriptOf(text: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
  return (await exportShell(await world.plan(text, parameters))).text;
}

function run(
  script: string,
  words: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
) {
  return runShell(script, [workspace, ...words], {
    cwd: world.folder,
    environment: { ...world.environment, ...environment },
  });
}

async function exported(text: string, parameters: Readonly<Record<string, string>> = {}): Promise<ScriptEnd> {
  return run(await scriptOf(text, parameters));
}

describe('the script does what the plan says', () => {
  test('and comes to the same files, bytes and values as a run of armload', async () => {
    await writeRichFiles(world.folder);
    const environment = { ...world.environment, PASSED: 'over $there' };
    const result = await runPlan(await world.begin(richRecipe, { keepWorkspace: true, environment }));
    expect(result).toMatchObject({ state: 'done' });
    const end = await run(await scriptOf(richRecipe), [], { PASSED: 'over $there', STRANGER: 'x' });
    expect(end.stderr).toContain('all is done');
    expect(end.code).toBe(0);
    const [own, other] = [
      await workspaceFiles(workspace),
      await workspaceFiles(result.place?.workspace ?? ''),
    ];
    expect(Object.keys(own)).toEqual(
      expect.arrayContaining(['deep/out.txt', 'copy-7', 'after', 'order', 'odd']),
    );
    expect(own).toEqual(other);
    expect(own['order']).toBe("one;a b;it's;4;");
    expect(own['deep/names.txt']).not.toContain('STRANGER');
    expect((await stat(join(workspace, 'odd'))).mode & 0o777).toBe(0o755);
  });

  test('one step after another is the same as all of it', async () => {
    const text = recipe(`
  one:
    run: echo v=1 >> "$ARMLOAD_VALUES"
    outputs: { values: [v] }
  two:
    foreach: { n: [a, b] }
    run: [sh, -c, 'echo "$0$V" >> out', '\${{ foreach.n }}']
    environment: { V: '\${{ steps.one.values.v }}' }`);
    const script = await scriptOf(text);
    for (const words of [['check'], ['sources'], ['step', 'one'], ['step', 'two'], ['verify']])
      expect(await run(script, words)).toMatchObject({ code: 0 });
    expect(await readFile(join(workspace, 'out'), 'utf8')).toBe('a1\nb1\n');
    expect((await run(script)).stderr).toContain('one is done already');
    expect(await readFile(join(workspace, 'out'), 'utf8')).toBe('a1\nb1\n');
  });

  test('a step whose needs are not done is not begun, and one that there is none of is told', async () => {
    const script = await scriptOf(recipe("\n  one:\n    run: 'true'\n  two:\n    run: touch two"));
    expect(await run(script, ['step', 'two'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('two needs one'),
    });
    expect(await run(script, ['step', 'three'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no step "three"'),
    });
    expect(await workspaceFiles(workspace)).toEqual({});
  });

  test('wrong words are told before anything is made', async () => {
    const script = await scriptOf(recipe("\n  one:\n    run: 'true'"));
    const options = { cwd: world.folder, environment: world.environment };
    for (const [words, problem] of [
      [['check'], 'the workspace comes first'],
      [['./w', 'bild'], '"bild" is none of all, check'],
    ] as const)
      expect(await runShell(script, words, options)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(problem),
      });
    expect(await workspaceFiles(world.folder)).toEqual({});
  });

  test('what failed is begun again, what is done is not, and what changed is done anew', async () => {
    const steps = (word: string) =>
      recipe(`
  one:
    run: |
      echo one >> effects
      echo ${word} > one.txt
    outputs: { files: { one: { path: one.txt } } }
  two:
    run: [sh, -c, 'echo two >> effects; cat mended']
    environment: { SUM: '\${{ steps.one.files.one.sha256 }}' }`);
    const script = await scriptOf(steps('first'));
    expect(await run(script)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/two exited with 1\n.*"two" failed/s),
    });
    await writeFile(join(workspace, 'mended'), '');
    expect(await run(script)).toMatchObject({ code: 0 });
    expect(await run(script)).toMatchObject({ code: 0 });
    expect(await readFile(join(workspace, 'effects'), 'utf8')).toBe('one\ntwo\ntwo\n');
    expect(await run(await scriptOf(steps('second')))).toMatchObject({ code: 0 });
    expect(await readFile(join(workspace, 'effects'), 'utf8')).toBe('one\ntwo\ntwo\none\ntwo\n');
  });

  test('it is tried again as often as it says, and ended when it takes too long', async () => {
    const flaky = recipe(`
  flaky:
    retries: 2
    run: |
      echo x >> tries
      [ "$(wc -l < tries)" -ge 3 ]`);
    expect(await exported(flaky)).toMatchObject({ code: 0 });
    const slow = await exported(recipe('\n  slow:\n    timeout: 1s\n    run: sleep 20\n'));
    expect(slow).toMatchObject({ code: 1, stderr: expect.stringContaining('time limit of 1 s') });
  });
});

describe('what a step claims is looked at', () => {
  const failing = async (step: string): Promise<string> => {
    const { code, stderr } = await exported(recipe(`\n  make:\n${step}\n`));
    expect(code).toBe(1);
    return stderr;
  };

  test('files: that they are there, their digest, whether they are executable', async () => {
    expect(await failing("    run: 'true'\n    outputs: { files: { proxy: { path: out/envoy } } }")).toMatch(
      /did not make the file "proxy": there is no out\/envoy/,
    );
    expect(
      await failing(
        `    run: echo > out\n    outputs: { files: { f: { path: out, sha256: '${'0'.repeat(64)}' } } }`,
      ),
    ).toMatch(/has the SHA-256 01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b, and should/);
    expect(
      await failing('    run: echo > out\n    outputs: { files: { f: { path: out, executable: true } } }'),
    ).toMatch(/is not executable/);
  });

  test('the machine of a file, as its first bytes tell it; what they can not tell is no yes', async () => {
    const cases = [
      ['arm64', elfHeader('arm64'), /^$/],
      ['amd64', elfHeader('amd64'), /^$/],
      ['arm64', elfHeader('amd64'), /is for amd64, and should be for linux\/arm64/],
      ['none', elfHeader('amd64'), /holds machine code \(amd64\), and should hold none/],
      ['none', Buffer.from('#!/bin/sh\n'), /^$/],
      ['arm64', Buffer.from('text'), /holds no machine code, and should be for linux\/arm64/],
      ['arm64', Buffer.alloc(0), /holds no machine code/],
      ['none', Buffer.from([0x1f, 0x8b, 8, 0]), /only armload looks at; ARMLOAD_UNPROVEN=accept/],
      ['none', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\0')]), /only armload looks at/],
      ['arm64', Buffer.from('cffaedfe0c000001', 'hex'), /another system/],
    ] as const;
    for (const [index, [, bytes]] of cases.entries())
      await writeFile(join(world.folder, String(index)), bytes);
    const lines = cases.map(([machine], index) => `(check_machine ${index} ${machine}) 2>&1; printf '\\0'`);
    const script = `${basics}${outputs}\nworkspace=. what=file\n${lines.join('\n')}`;
    const answers = (await runShell(script, [], { cwd: world.folder })).stdout.split('\0');
    for (const [index, [, , expected]] of cases.entries()) expect(answers[index]).toMatch(expected);
  });

  test('values: each once, declared, as text, and not too many', async () => {
    const cases = [
      ['version=1.2 = \\047x\\047', "value version 1.2 = 'x'"],
      ['version=', 'value version \n'],
      ['\\nversion=1\\r\\n\\n', 'value version 1\n'],
      ['', 'did not write the value "version"'],
      ['wrong=1', 'wrote "wrong" to $ARMLOAD_VALUES; it declares: version other'],
      ['version other=1', 'a line to $ARMLOAD_VALUES that is none of'],
      ['=1', 'a line to $ARMLOAD_VALUES that is none of'],
      ['version', 'a line to $ARMLOAD_VALUES that is none of'],
      ['version=1\\nversion=1\\n', '"version" twice'],
      ['version=\\000', 'no UTF-8 text'],
      ['version=%0300000d', 'more than 262144 bytes'],
    ] as const;
    const lines = cases.map(
      ([written]) =>
        `printf '${written}\\nother=\\n' >v/values/k; (take_values version other) 2>&1; printf '\\0'`,
    );
    const script = `${basics}${constants}${outputs}\nmkdir -p v/values; state=v key=k id=make secrets=\n${lines.join('\n')}`;
    const { stdout } = await runShell(script, [], { cwd: world.folder });
    for (const [index, [, expected]] of cases.entries())
      expect(stdout.split('\0')[index]).toContain(expected);
  });

  test('a path that leads out is none, and what has no value stops the step', async () => {
    const text = (path: string) =>
      recipe(`
  one:
    run: echo p=${path} >> "$ARMLOAD_VALUES"
    outputs: { values: [p] }
  two:
    run: touch hit
    outputs: { files: { f: { path: '\${{ steps.one.values.p }}' } } }`);
    for (const path of ['../x', '/etc/passwd', 'a/../../x', '.armload-export/x', './/.armload/x'])
      expect(await exported(text(path))).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/the path "/),
      });
    expect(Object.keys(await workspaceFiles(workspace))).toEqual([]);
    const skipped = await exported(
      recipe(`
  never:
    when: "'a' == 'b'"
    run: 'exit 1'
    outputs: { values: [x] }
  using:
    run: touch hit
    environment: { X: '\${{ steps.never.values.x }}' }`),
    );
    expect(skipped.code).not.toBe(0);
    expect(skipped.stderr).toMatch(/steps__never__values__x: has no value/);
    expect(Object.keys(await workspaceFiles(workspace))).toEqual([]);
  });
});

describe('before the first step', () => {
  test('all that the machine lacks is told at once', async () => {
    const text = recipe(
      `\n  one:\n    run: touch hit\n    environment: { SECRET: '\${{ parameters.token }}' }`,
      `parameters: { token: { type: secret, default: NOWHERE } }
requires:
  architecture: ${process.arch === 'x64' ? 'arm64' : 'amd64'}
  cpus: 1000
  memory: 900000GiB
  disk: 900000GiB
  tools:
    - { name: no-such-tool, version: '>=1' }
    - { name: old, version: '>=1.16.5 <2', command: [sh, -c, 'echo go1.16.4'] }
    - { name: new, version: '^1.16.5 || ^3', command: [sh, -c, 'echo version 3.0.1-1ubuntu'] }
    - { name: mute, version: '>=1', command: [sh, -c, 'echo none'] }`,
    );
    const { code, stderr } = await exported(text);
    expect(code).toBe(1);
    for (const words of [
      'programs',
      'CPUs',
      'MiB of memory',
      'disk space',
      'no no-such-tool',
      'old 1.16.4',
      'NOWHERE',
    ])
      expect(stderr).toMatch(new RegExp(`  - .*${words}`));
    expect(stderr).toContain('not known: which version mute has');
    expect(stderr).not.toMatch(/ {2}- .*(?:new|mute)/);
    expect(await workspaceFiles(workspace)).toEqual({});
  });
});

describe('secrets', () => {
  const text = recipe(
    `
  use:
    run: |
      [ "$(printf %s "$SECRET" | wc -c)" -eq 29 ]
      tr '\\0' '\\n' < /proc/$PPID/cmdline > cmdline || true
    environment: { SECRET: 'Bearer \${{ parameters.token }}' }
  leak:
    run: echo "it=$SECRET" >> "$ARMLOAD_VALUES"
    environment: { SECRET: '\${{ parameters.token }}' }
    outputs: { values: [it] }`,
    'parameters: { token: { type: secret, default: TOKEN } }',
  );

  test('reach the step by their variable; they are in no text of the script, no file and no value', async () => {
    const script = await scriptOf(text);
    expect(script).not.toContain('hunter2 is no');
    const { stdout, stderr } = await run(script);
    expect(stderr).toContain('the value "it" holds a secret');
    expect(stdout + stderr).not.toContain('hunter2');
    for (const text of await textsBelow(workspace)) expect(text).not.toContain('hunter2');
  });
});

describe('checks of the result', () => {
  const checked = (verify: string) =>
    recipe(
      '\n  make:\n    run: \'printf "go version go1.16.5\\n" > v\'\n    outputs: { files: { v: { path: v } } }',
      `verify:\n${verify}`,
    );

  test('what is printed is held against a pattern, as a whole', async () => {
    const patterns = [
      ['^go version go1\\.16\\.', 'it holds'],
      ['go1\\.17', 'it does not hold'],
      ['^go1', 'it does not hold'],
      ['1\\.16\\.5$', 'it does not hold'],
      ['1\\.16\\.5\\n$', 'it holds'],
      ['(?:go|rust){1,2}[0-9.]+\\s', 'it holds'],
      ['(?=go)', 'it does not hold'],
    ] as const;
    const lines = patterns.map(
      ([pattern], index) =>
        `  - { title: number ${index}, version: { run: [cat, v], matches: '${pattern}' } }`,
    );
    const { code, stderr } = await exported(checked(lines.join('\n')));
    expect(code).toBe(1);
    for (const [index, [, answer]] of patterns.entries())
      expect(stderr).toContain(`== ${answer}: number ${index}\n`);
    expect(stderr).toContain('checks that do not hold: 4');
  });

  test('all are done, and those that do not hold are counted', async () => {
    const end = await exported(
      checked(`  - { title: machine, file: '\${{ steps.make.files.v }}', machine: arm64 }
  - { title: there, file: v }
  - { title: gone, file: w }`),
    );
    expect(end).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it holds: there.*checks that do not hold: 2/s),
    });
  });
});

describe('files beside the recipe', () => {
  test('that are too large are refused, with what to do instead', async () => {
    await writeFile(join(world.folder, 'large'), Buffer.alloc(300_000));
    const plan = await world.plan(
      recipe("\n  one:\n    run: 'true'", 'sources: { large: { file: large, path: large } }'),
    );
    await expect(exportShell(plan)).rejects.toMatchObject({
      code: 'NOT_EXPORTABLE',
      hint: expect.stringContaining('"url"'),
    });
  });

  test('that changed since the plan was made are no part of it', async () => {
    await writeFile(join(world.folder, 'f'), 'one');
    const plan = await world.plan(
      recipe("\n  one:\n    run: 'true'", 'sources: { f: { file: f, path: f } }'),
    );
    await writeFile(join(world.folder, 'f'), 'two');
    await expect(exportShell(plan)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });
});

test('the images of a recipe are inspected, tagged and pushed by the docker that is there', async () => {
  const programs = join(world.folder, 'programs');
  await mkdir(programs);
  const docker = `#!/bin/sh
printf '%s\\n' "$*" >> "${world.folder}/calls"
case "$*" in
  version*) echo 28.0.0 ;;
  'image inspect'*) printf 'sha256:%064d linux/arm64/v8\\n' 1 ;;
esac
`;
  await writeFile(join(programs, 'docker'), docker);
  await chmod(join(programs, 'docker'), 0o755);
  const text = recipe(
    "\n  make:\n    run: 'true'\n    outputs: { images: { it: { reference: 'team/it:1' } } }",
    `publish: [{ image: '\${{ steps.make.images.it }}', name: it, tag: v1 }]\nverify: [{ image: '\${{ steps.make.images.it }}' }]`,
  );
  const environment = { PATH: `${programs}:${process.env['PATH']}`, PUBLISH_TO: 'registry.example/team' };
  expect(await run(await scriptOf(text), [], environment)).toMatchObject({ code: 0 });
  const calls = await readFile(join(world.folder, 'calls'), 'utf8');
  expect(calls).toMatch(/image inspect .* -- team\/it:1\n/);
  expect(calls).toMatch(
    /image tag sha256:0+1 registry\.example\/team\/it:v1\nimage push registry\.example\/team\/it:v1\n$/,
  );
});
