import { describe, expect, test } from 'vitest';
import { executable, type Machine, writeElf } from '../../fixture/index.ts';
import { app, base, baseLine, causesOf, copyLine, digestOf, made } from './causes.test-support.ts';

describe('what lines of the history say', () => {
  const second = async (line: string, machine: Machine = 'amd64'): Promise<readonly string[]> =>
    causesOf(await made({ layers: [base('arm64'), app(machine)], history: [baseLine, line] }));

  test.each(['RUN |1 TARGETARCH=amd64 /bin/sh -c make # buildkit', 'ARG TARGETPLATFORM=linux/amd64'])(
    '%s: a default hides the value that BuildKit sets',
    async (line) => {
      expect((await second(line))[0]).toMatch(
        /^a build step saw TARGET(ARCH=|PLATFORM=linux\/)amd64: likely the ARG has that default/,
      );
    },
  );

  test('an empty layer of the history counts for arguments', async () => {
    const lying = await made({
      layers: [app('amd64')],
      configOverrides: {
        history: [{ created_by: 'ARG TARGETARCH=amd64', empty_layer: true }, { created_by: copyLine }],
      },
    });
    expect(causesOf(lying)[0]).toContain('see ARG TARGETARCH=amd64');
  });

  test.each([
    ['RUN GOARCH=amd64 go build -o /usr/bin/app', 'GOARCH=amd64'],
    ['RUN |1 GOARCH=amd64 /bin/sh -c go build', 'GOARCH=amd64'],
    [
      'RUN CARGO_BUILD_TARGET=x86_64-unknown-linux-musl cargo build',
      'CARGO_BUILD_TARGET=x86_64-unknown-linux-musl',
    ],
    ['RUN cargo install app --target x86_64-unknown-linux-gnu', '--target x86_64-unknown-linux-gnu'],
    ['COPY --platform=linux/amd64 /app /usr/bin/app', '--platform=linux/amd64'],
  ])('%s: a fixed machine', async (line, setting) => {
    expect((await second(line))[0]).toMatch(/made for one platform only: it has /);
    expect((await second(line))[0]).toContain(`it has ${setting}`);
  });

  test.each([
    'RUN curl -Lo /usr/bin/app https://example.com/v1/app-linux-amd64 # buildkit',
    'ADD https://example.com/v1/app_x86_64 /usr/bin/app',
  ])('%s: a fixed address', async (line) => {
    expect(await second(line)).toEqual([
      expect.stringMatching(/^layer sha256:\w{12} \(.*\) likely downloads for one platform only: https:/),
    ]);
  });

  test('secrets in lines are not shown, and long lines are shortened', async () => {
    const line = `RUN curl https://me:pa55word@example.com/linux-amd64 ${'x'.repeat(3_000)}`;
    const [cause = ''] = await second(line);
    expect(cause).toContain('downloads');
    expect(cause).not.toContain('pa55word');
    expect(cause.length).toBeLessThan(600);
  });

  test.each([
    'RUN make',
    'RUN |1 TARGETARCH=arm64 /bin/sh -c make',
    'RUN GOARCH=$TARGETARCH go build',
    'RUN curl https://example.com/app-linux-s390x',
    'RUN curl https://example.com/linux-amd64/to-linux-arm64',
  ])('%s says nothing', async (line) => {
    expect(await second(line)).toEqual([]);
  });

  test('lines of layers without foreign code are left alone', async () => {
    const line = 'RUN curl https://example.com/app-linux-amd64';
    expect(await second(line, 'arm64')).toEqual([]);
  });
});

describe('a program copied onto a right base', () => {
  test('comes from a stage that built for the other machine', async () => {
    const lying = await made({ layers: [base('arm64'), app('amd64')], history: [baseLine, copyLine] });
    expect(causesOf(lying)).toEqual([
      `layer ${digestOf(lying, 1)} (${copyLine}) gives amd64 code: likely the stage it comes from built for amd64; perhaps the build was not told the target, or the output of the build machine was copied`,
    ]);
  });

  test('by the older builder is seen as well', async () => {
    const history = [baseLine, '/bin/sh -c #(nop) COPY file:ffff in /usr/bin/app '];
    const lying = await made({ layers: [base('arm64'), app('amd64')], history });
    expect(causesOf(lying)).toHaveLength(1);
  });

  test('of Go points at GOARCH', async () => {
    const program = writeElf({ machine: 'amd64', interpreter: true, needed: ['libc.so.6'] });
    const information = Buffer.alloc(64);
    information.write('\xff Go buildinf:\x08\x02', 'latin1');
    information.write('\x08go1.22.5\x00', 32, 'latin1');
    const go = Buffer.concat([program, Buffer.alloc(-program.length & 15), information]);
    const lying = await made({ layers: [[executable('app', go)]], history: [copyLine] });
    expect(causesOf(lying)[0]).toContain('perhaps GOARCH was not set from TARGETARCH');
  });

  test('from a folder that names the machine: the wrong one', async () => {
    const line = 'COPY dist/app_linux_amd64/app /usr/bin/app # buildkit';
    const lying = await made({ layers: [base('arm64'), app('amd64')], history: [baseLine, line] });
    expect(causesOf(lying)).toEqual([expect.stringMatching(/names amd64: likely the wrong folder/)]);
  });
});
