import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../../fixture/index.ts';
import { symlink } from '../../fixture/index.ts';
import { type Look, type LookSpec, look, program } from './entry.test-support.ts';

const files = ['migrate', 'ls', 'java', 'curl'].map((name) => program(`usr/bin/${name}`));

function sh(text: string, config: RunConfig = {}, spec: LookSpec = {}): Promise<Look> {
  return look({ Entrypoint: ['/bin/sh', '-c', text], ...config }, { files, ...spec });
}

/** What the shell starts, as lines without what is the same in all. */
async function starts(text: string, config: RunConfig = {}): Promise<readonly string[]> {
  const { lines } = await sh(text, config);
  return lines.map((line) =>
    line
      .replace('entrypoint', '')
      .replace(': /usr/bin/dash', ':')
      .replace(/: (?:> )?/, ''),
  );
}

describe('a text for a shell', () => {
  it.each<[text: string, starts: string[]]>([
    ['server', ['/usr/bin/server = machine-code']],
    [`exec server --flag "$OPTS" $(date) \`date\` \${X:-y} *.txt ~/x`, ['/usr/bin/server = machine-code']],
    ["  A=1 B='x y' server # comment", ['/usr/bin/server = machine-code']],
    ['\'/usr/bin/ser\'v"er"', ['/usr/bin/server = machine-code']],
    ['ser\\\nver', ['/usr/bin/server = machine-code']],
    ['server >/var/log/x 2>&1 </dev/null', ['/usr/bin/server = machine-code']],
    ['2>/dev/null exec server', ['/usr/bin/server = machine-code']],
    ['migrate && server; java', ['/usr/bin/migrate', '/usr/bin/server', '/usr/bin/java'].map(code)],
    ['migrate &&\n  server\njava\n', ['/usr/bin/migrate', '/usr/bin/server', '/usr/bin/java'].map(code)],
    ['migrate & server', ['/usr/bin/migrate', '/usr/bin/server'].map(code)],
    ['server | ls', ['/usr/bin/server', '/usr/bin/ls'].map(code)],
    ['exec server; gone', ['/usr/bin/server = machine-code']],
    ['server || exit 1', ['/usr/bin/server = machine-code']],
    ['migrate || server', ['/usr/bin/migrate = machine-code', '?/usr/bin/server = machine-code']],
    ['[ -f /x ] && migrate; server', ['?/usr/bin/migrate = machine-code', '/usr/bin/server = machine-code']],
    ['exec gosu app tini -- server', ['/usr/bin/gosu > /usr/sbin/tini > /usr/bin/server = machine-code']],
    ['command server', ['/usr/bin/server = machine-code']],
    ['echo hello', ['= machine-code']],
    ['', ['= machine-code']],
    ['echo "a; gone" \'$(\'', ['= machine-code']],
    ['curl "http://x/$(ls "a)b" \')\')" || exit 1', ['/usr/bin/curl = machine-code']],
  ])('%s', async (text, expected) => {
    expect(await starts(text)).toEqual(expected);
  });

  it.each([
    ['if true; then server; fi', []],
    ['while :; do server; done', []],
    ['migrate; for x in a b; do server; done', ['/usr/bin/migrate = machine-code']],
    ['server() { java; }; server', []],
    ['(cd / && server)', []],
    ['. /etc/profile; server', []],
    ['eval server', []],
    ['alias server=java\nserver', []],
    ['cat <<X\nserver\nX', []],
    ['server "unfinished', []],
    ["java $'x'", []],
    ['$TOOL --flag', []],
    ['$(which server)', []],
    [`\${TOOL:-server}`, []],
    ['"$@"', []],
    ['[[ -f x ]] && server', []],
    ['case $X in a) server;; esac', []],
    ['! server', []],
    ['./*.sh', []],
    ['{ server; }', []],
  ])('is not guessed at: %s', async (text, before) => {
    const found = await starts(text);
    expect(found.slice(0, -1)).toEqual(before);
    expect(found.at(-1)).toBe('= unknown');
  });

  it('takes values from the environment of the image, for plain names', async () => {
    const config = { Env: ['JAVA_HOME=/usr', 'MANY=java -jar', 'PATH=/usr/bin'] };
    expect(await starts('exec $JAVA_HOME/bin/java', config)).toEqual(['/usr/bin/java = machine-code']);
    expect(await starts(`exec "\${JAVA_HOME}"/bin/java`, config)).toEqual(['/usr/bin/java = machine-code']);
    expect(await starts("'$JAVA_HOME/bin/java'", config)).toEqual(['($JAVA_HOME/bin/java) = not-found']);
    // Split at the blank, as a shell does, it would be two words.
    expect(await starts('$MANY x', config)).toEqual(['= unknown']);
    expect(await starts('$GIVEN_AT_RUN_TIME/bin/java', config)).toEqual(['= unknown']);
  });

  it('takes values that it sets itself, also for the PATH', async () => {
    expect(await starts('D=/usr/bin; $D/java')).toEqual(['/usr/bin/java = machine-code']);
    expect(await starts('export PATH=/none:$PATH && java')).toEqual(['/usr/bin/java = machine-code']);
    expect(await starts('PATH=/none java')).toEqual(['(java) = not-found']);
    expect(await starts('export PATH="$(ls):$PATH"; java')).toEqual(['(java) = unknown']);
    expect(await starts('D=$(ls); $D/java')).toEqual(['= unknown']);
    // Not exported, so the inner shell doesn't see it.
    expect(await starts("D=/usr/bin; sh -c '$D/java'")).toEqual([
      '> /usr/bin/dash = unknown'.replace('> ', ''),
    ]);
    expect(await starts("export D=/usr/bin; sh -c '$D/java'")).toEqual([
      '/usr/bin/dash > /usr/bin/java = machine-code',
    ]);
  });

  it('follows it into directories', async () => {
    expect(await starts('cd /usr && cd bin && ./server')).toEqual(['/usr/bin/server = machine-code']);
    expect(await starts('cd $X && ./server')).toEqual(['(./server) = unknown']);
    expect(await starts('cd $X && server')).toEqual(['/usr/bin/server = machine-code']);
  });
});

describe('what a text starts and the image lacks', () => {
  it.each<[text: string, finding: RegExp]>([
    ['gone', /^error entry-not-found/],
    ['exec gone', /^error/],
    ['mkdir -p /x && exec gone', /^error/],
    ['cd /usr; gone', /^error/],
    ['gone || exit 1', /^error/],
    ['set -e; gone; server', /^error/],
    // The shell goes on without it.
    ['gone; server', /^warning/],
    ['gone & server', /^warning/],
    ['gone | ls', /^warning/],
    ['gone || server', /^warning/],
  ])('%s', async (text, expected) => {
    const { findings } = await sh(text);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(expected);
  });

  it.each([
    ['migrate && gone'],
    ['ls > /gone && /gone'],
    ['migrate || gone'],
    ['[ -x /gone ] && /gone; server'],
    ['command -v gone && gone; server'],
  ])('is no finding where commands before may bring it, or it may not be reached: %s', async (text) => {
    expect((await sh(text)).findings).toEqual([]);
  });
});

describe('a shell', () => {
  it.each([
    [['bash', '-lc', 'server'], 'unknown'],
    [['bash', '--login', '-c', 'server'], 'unknown'],
    [['bash', '-ec', 'server'], 'machine-code'],
    [['bash', '-eo', 'pipefail', '-c', 'server'], 'machine-code'],
    [['bash', '-c', '--', 'server'], 'machine-code'],
    [['bash', '--weird', '-c', 'gone'], 'unknown'],
    [['bash', '-c'], 'machine-code'],
    [['bash', 'gone.sh'], 'machine-code'],
    [['busybox', 'sh', '-c', 'server'], 'machine-code'],
  ])('%j', async (Entrypoint, end) => {
    const { traces, findings } = await look(
      { Entrypoint },
      { files: [program('usr/bin/bash'), program('usr/bin/busybox')] },
    );
    expect(traces.map((trace) => trace.end.kind)).toEqual([end]);
    expect(findings.filter((finding) => !finding.startsWith('note'))).toEqual([]);
  });

  it('reads a file first where BASH_ENV says so', async () => {
    const { traces } = await look(
      { Cmd: ['bash', '-c', 'server'], Env: ['BASH_ENV=/x', 'PATH=/usr/bin'] },
      { files: [program('usr/bin/bash')] },
    );
    expect(traces[0]?.end.kind).toBe('unknown');
  });

  it('may have a program in itself where it is BusyBox, save on Alpine', async () => {
    const busybox = [program('opt/busybox'), symlink('opt/sh', 'busybox')];
    const config = { Cmd: ['/opt/sh', '-c', 'wget x'] };
    const alone = await look(config, { files: busybox });
    expect(alone.findings[0]).toMatch(/^note entry-unknown .*BusyBox/);
    const alpine = await look(config, { files: [...busybox, program('etc/alpine-release')] });
    expect(alpine.findings[0]).toMatch(/^error entry-not-found/);
  });
});

function code(path: string): string {
  return `${path} = machine-code`;
}
