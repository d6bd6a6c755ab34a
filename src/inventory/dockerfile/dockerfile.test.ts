// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts under test hold variables
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inventoryOf, lookups, places } from '../test-folder.test-support.ts';

const read = (text: string, name = 'Dockerfile') => inventoryOf({ [name]: text });

describe('bases', () => {
  test('field 22: builder platform, a stage as base, an argument with a default', async () => {
    const inventory = await read(
      'FROM --platform=$BUILDPLATFORM golang AS b\nFROM b\nFROM ${BASE:-alpine}\n',
    );
    expect(inventory.uses).toEqual([
      {
        written: 'golang',
        use: { source: 'dockerfile', file: 'Dockerfile', line: 1, column: 32, workload: 'stage b' },
      },
      {
        written: '${BASE:-alpine}',
        resolved: 'alpine',
        use: { source: 'dockerfile', file: 'Dockerfile', line: 3, column: 6, workload: 'stage 2' },
      },
    ]);
    expect(inventory.workloads.flatMap(({ constraints }) => constraints)).toEqual([]);
    expect(inventory.problems).toEqual([]);
  });

  test('arguments before the first FROM fill in, in their order, quotes taken off', async () => {
    const text = `ARG REG=docker.io
ARG NAME="library/debian" TAG='12'
ARG FULL=\${REG}/\${NAME}:\${TAG}
ARG NONE
FROM $FULL AS a
ARG LATE=x
FROM \${NONE:-busybox}:1
FROM \${NONE}
FROM \${LATE}
FROM \${TAG:+debian}:\${TAG}-slim
FROM app-\${TARGETARCH}:1
FROM \\$literal
`;
    const inventory = await read(text);
    expect(lookups(inventory)).toEqual([
      'docker.io/library/debian:12',
      'busybox:1',
      '? ${NONE}',
      '? ${LATE}',
      'debian:12-slim',
      '? app-${TARGETARCH}:1',
      '? \\$literal',
    ]);
    expect(inventory.uses[2]?.unresolved).toContain('NONE has no default');
    expect(inventory.uses[3]?.unresolved).toContain('LATE');
    expect(inventory.uses[5]?.unresolved).toContain('TARGETARCH');
  });

  test('stages are found whatever the case, scratch is nothing, a stage may bear its image’s name', async () => {
    const text =
      'from alpine as ALPINE\nFrom Alpine\nFROM scratch\nFROM debian AS debian\nFROM debian\nFROM AS\n';
    const inventory = await read(text);
    expect(lookups(inventory)).toEqual(['alpine', 'debian', '? AS']);
  });

  test('trap 90: all other places that name images', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const text = `# syntax=docker/dockerfile:1.10@${digest}
# a comment
FROM golang:1.23 AS build
RUN --mount=type=cache,target=/x --mount=type=bind,from=tools:1,target=/t true
RUN --mount=from=build,target=/b true
COPY --from=nginx:1.27 --chown=1:1 /etc/nginx /etc/
COPY --from=build /a /b
COPY --from=0 /a /b
COPY --from=7 /a /b
COPY --from=BUILD /a /b
ONBUILD COPY --from=onbuild:1 /a /b
ADD https://example.com/x /x
FROM quay.io/acme/app:2@${digest}
`;
    const inventory = await read(text);
    expect(places(inventory)).toEqual([
      `Dockerfile:1:10 docker/dockerfile:1.10@${digest}`,
      'Dockerfile:3:6 golang:1.23',
      'Dockerfile:4:57 tools:1',
      'Dockerfile:6:13 nginx:1.27',
      'Dockerfile:9:13 7',
      'Dockerfile:11:21 onbuild:1',
      `Dockerfile:13:6 quay.io/acme/app:2@${digest}`,
    ]);
    expect(inventory.uses[4]?.unresolved).toContain('no stage 7');
  });
});

describe('lines', () => {
  test('continuations with comments and blank lines in them, CR LF', async () => {
    const text =
      'FROM \\\r\n# not this\r\n\r\n  --platform=linux/amd64 \\\r\n  ngi\\\r\nnx:1 \\\r\n  AS web\r\nRUN echo \\\r\n  FROM no:1\r\n';
    expect(places(await read(text))).toEqual(['Dockerfile:5:3 nginx:1']);
  });

  test('the escape directive', async () => {
    const text =
      '# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022 `\n  AS base\nCOPY a c:\\\nFROM base\n';
    expect(lookups(await read(text))).toEqual(['mcr.microsoft.com/windows/nanoserver:ltsc2022']);
  });

  test('a directive after a comment is a comment', async () => {
    expect(lookups(await read('# hello\n# syntax=docker/dockerfile:1\nFROM a\n'))).toEqual(['a']);
  });

  test('here-documents hold no instructions', async () => {
    const text = `FROM a
RUN <<EOF
FROM no:1
EOF
COPY <<-"ONE" <<TWO /x/
FROM no:2
\tONE
FROM no:3
TWO
RUN cat <<NEVER
FROM b
`;
    expect(lookups(await read(text))).toEqual(['a', 'b']);
  });
});

describe('platforms', () => {
  async function constraints(text: string) {
    const { workloads } = await read(text);
    return workloads.flatMap((workload) =>
      workload.constraints.map(({ text: found, architectures, required }) => [
        workload.name,
        found,
        architectures,
        required,
      ]),
    );
  }

  test('a fixed platform below the final image is a constraint, beside it none that requires', async () => {
    const text =
      'FROM --platform=linux/amd64 golang AS b\nFROM --platform=linux/x86_64 debian AS base\nFROM base\nCOPY --from=b /a /a\n';
    expect(await constraints(text)).toEqual([
      ['stage b', '--platform=linux/amd64', [], false],
      ['stage base', '--platform=linux/x86_64', ['amd64'], true],
    ]);
  });

  test('an argument’s default is a fixed platform', async () => {
    expect(await constraints('ARG P=linux/amd64\nFROM --platform=${P} debian\n')).toEqual([
      ['stage 0', '--platform=${P}', ['amd64'], true],
    ]);
  });

  test('the builder’s platform under the final image is told and blocks nothing, the target’s is no constraint', async () => {
    expect(await constraints('FROM --platform=$BUILDPLATFORM debian\n')).toEqual([
      ['stage 0', '--platform=$BUILDPLATFORM', [], false],
    ]);
    expect(await constraints('FROM --platform=${TARGETPLATFORM} debian\n')).toEqual([]);
  });
});

describe('recognition', () => {
  test.each([
    'Dockerfile',
    'Containerfile',
    'dockerfile',
    'api.Dockerfile',
    'Dockerfile.dev',
    'sub/Containerfile',
    'build.docker',
  ])('%s is one', async (name) => {
    expect(lookups(await read('# x\nARG A=1\nFROM alpine:3\nRUN true\n', name))).toEqual(['alpine:3']);
  });

  test.each([
    ['mail.mbox', 'From alice@example.com Mon Jan 1\n'],
    ['query', 'FROM users WHERE a = 1\n'],
    ['a.py', 'from alpine\n'],
    ['Dockerfile.dockerignore', 'FROM alpine\n'],
  ])('%s is none', async (name, text) => {
    expect(await read(text, name)).toEqual({ uses: [], workloads: [], problems: [] });
  });

  test('one without FROM, or with an empty one, is a problem', async () => {
    expect((await read('RUN true\n')).problems).toMatchObject([{ file: 'Dockerfile' }]);
    expect((await read('RUN true\nFROM\n')).problems).toMatchObject([
      { file: 'Dockerfile', line: 2, column: 1 },
    ]);
  });
});

test('what is written with positions is found at these positions', async () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const blank = fc.constantFrom(' ', '  ', '\t', ' \\\n', ' \\\n# c\n  ', '\\\r\n ');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(word, blank, fc.constantFrom('FROM', 'from', 'From'))),
      async (froms) => {
        let text = '';
        const expected: string[] = [];
        froms.forEach(([name, gap, keyword], index) => {
          text += `${keyword}${gap}`;
          const lines = text.split(/\r\n|\n/);
          const image = `${name}${index}:1`;
          expected.push(`Dockerfile:${lines.length}:${(lines.at(-1) ?? '').length + 1} ${image}`);
          text += `${image}\nRUN true\n`;
        });
        expect(places(await read(text))).toEqual(expected);
      },
    ),
    { numRuns: 60 },
  );
});
