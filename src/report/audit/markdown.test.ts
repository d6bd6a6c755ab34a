import { expect, test } from 'vitest';
import { auditResult, finding, imageAudit, smokeRun } from '../../../test/support/audit-result.ts';
import { renderAuditMarkdown } from './markdown.ts';

const layer = { index: 3, digest: `sha256:${'a'.repeat(64)}`, history: 'COPY server /usr/bin/' };
const image = imageAudit('docker.io/acme/web:1.2', {
  verdict: 'mislabelled',
  why: 'what it starts is an amd64 program',
  label: { index: 'linux/arm64', config: 'linux/arm64', bytes: 'linux/amd64', code: { amd64: 1 } },
  entries: [
    { role: 'entrypoint', words: ['server'], chain: ['/usr/bin/server'], ends: 'linux/amd64', ok: false },
  ],
  causes: ['the base image is pinned by the digest of its amd64 image'],
  findings: [
    finding('error', { verdict: 'reachable', role: 'entrypoint', path: '/usr/bin/server', layer }),
    finding('note', { verdict: 'inert', path: '/usr/share/x.bin', layer }),
  ],
  runs: [smokeRun('failed', { exitCode: 1 })],
});

test('a pull request gets totals, the images, the runs and the findings', () => {
  expect(
    renderAuditMarkdown(auditResult([imageAudit('docker.io/library/nginx:1'), image])),
  ).toMatchInlineSnapshot(`
    "## \`linux/arm64\` audit

    **2 images: 1 right, 1 mislabelled · 1 error, 1 note · 1 smoke run: 1 failed · exit 1: an image is not what its label says**

    ### Images (2)

    | Image | Verdict | Why | What it starts | Likely cause |
    | --- | --- | --- | --- | --- |
    | \`docker.io/acme/web:1.2\` linux/arm64 | mislabelled | what it starts is an amd64 program<br>index linux/arm64, config linux/arm64, bytes linux/amd64 | entrypoint \`server\`: \`/usr/bin/server\` → linux/amd64 | the base image is pinned by the digest of its amd64 image |
    | \`docker.io/library/nginx:1\` linux/arm64 | right | what it starts is arm64 machine code, and its documents say so |  |  |

    ### Smoke runs (1)

    | Image | Command | Result | Run by | Why |
    | --- | --- | --- | --- | --- |
    | \`docker.io/acme/web:1.2\` linux/arm64 | \`nginx -v\` | failed | docker, exit 1 | it is failed |

    ### Errors (1)

    | Image | Finding | Path | Found | Expected | Layer | Why |
    | --- | --- | --- | --- | --- | --- | --- |
    | \`docker.io/acme/web:1.2\` linux/arm64 | foreign-code, reachable | \`/usr/bin/server\` (entrypoint) | an amd64 ELF program | arm64 machine code | layer 3, sha256:aaaaaaaaaaaa: COPY server /usr/bin/ | it can not run on arm64 hosts |

    1 note not listed.
    "
  `);
});

test('asked for all, it lists notes too', () => {
  const text = renderAuditMarkdown(auditResult([image]), { all: true });
  expect(text).toContain('### Notes (1)');
  expect(text).not.toContain('not listed');
});

test('no text of an image is markup, a link, a mention or a second row', () => {
  const hostile = '|\n| <b>`x`</b> | [a](https://evil.example) @all #1 \\|';
  const texts = {
    found: hostile,
    expected: hostile,
    why: hostile,
    kind: hostile,
    role: hostile,
    path: hostile,
  };
  const text = renderAuditMarkdown(
    auditResult([
      imageAudit(hostile, {
        platform: hostile,
        why: hostile,
        label: { index: hostile, config: 'a', bytes: 'b', code: { [hostile]: 1 } },
        entries: [{ role: 'command', words: [hostile], chain: [hostile], ends: hostile }],
        causes: [hostile],
        findings: [finding('error', { ...texts, layer: { ...layer, digest: hostile, history: hostile } })],
        runs: [smokeRun('passed', { command: [hostile], means: hostile, why: hostile })],
      }),
    ]),
  );
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  expect(rows.map(cellsOf)).toEqual([7, 7, 7, 7, 7, 7, 9, 9, 9]);
  expect(text.replace(/\\./g, '')).not.toMatch(/<(?!br>)|\]\(|:\/\/|@all|#1/);
});

/** The bars that end cells, as GFM sees them: those without a backslash before. */
function cellsOf(row: string): number {
  return row.replace(/\\./g, '').split('|').length;
}

test('an audit too big for a comment is cut by rows, and says how many', () => {
  const findings = Array.from({ length: 5000 }, (_, index) =>
    finding('error', { path: `/lib/${index}.so`, layer }),
  );
  const text = renderAuditMarkdown(auditResult([{ ...image, findings, findingsOmitted: 9 }]));
  expect(text.length).toBeLessThan(65_536);
  const rows = text.match(/`\/lib\/\d+\.so`/g)?.length ?? 0;
  expect(rows).toBeGreaterThan(100);
  expect(text).toContain(`${5000 - rows} rows left out to fit a comment.`);
  expect(text).toContain('9 findings more than a result can list.');
});
