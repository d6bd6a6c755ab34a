import fc from 'fast-check';
import { expect, test } from 'vitest';
import { image, scanResult, workload } from '../../test/support/scan-result.ts';
import { renderMarkdown } from './markdown.ts';
import { code, prose } from './markdown-text.ts';

const missing = image('docker.io/acme/web:1.2', {
  readiness: { state: 'missing' },
  evidence: [{ kind: 'platforms', text: 'the index has linux/amd64 only' }],
  remedies: [
    { kind: 'use-tag', reference: 'docker.io/acme/web:1.2.5', verified: true, why: 'nearest patch' },
  ],
  uses: [{ source: 'kubernetes', file: 'web.yaml', line: 3, workload: 'Deployment web' }],
});

test('a pull request gets totals and a table for each thing to do', () => {
  const result = scanResult({
    images: [missing, image('docker.io/library/nginx:1')],
    workloads: [
      workload('Deployment web', {
        ready: false,
        blockers: [{ reference: missing.reference, readiness: missing.readiness }],
      }),
    ],
    problems: [{ file: 'broken.yaml', line: 7, message: 'not YAML' }],
  });
  expect(renderMarkdown(result)).toMatchInlineSnapshot(`
    "## \`linux/arm64\` readiness

    **2 images: 1 ready, 1 missing · 0 of 1 workload ready · 1 problem · exit 1: something is not ready**

    ### Needs another image (missing) (1)

    | Image | Why | What to do | Used in |
    | --- | --- | --- | --- |
    | \`docker.io/acme/web:1.2\` | the index has linux/amd64 only | use \`docker.io/acme/web:1.2.5\` (checked): nearest patch | \`web.yaml:3\` (Deployment web) |

    ### Workloads that need attention (1)

    | Workload | Where | Images in the way | Kept off by |
    | --- | --- | --- | --- |
    | Deployment web | \`app.yaml:1\` | \`docker.io/acme/web:1.2\` missing |  |

    ### Files that could not be read (1)

    | File | Problem |
    | --- | --- |
    | \`broken.yaml:7\` | not YAML |
    "
  `);
});

/** Splits a row the way GFM does: a backslash escapes the next character, a bare pipe ends the cell. */
function cells(row: string): readonly string[] {
  const found = [''];
  for (let index = 0; index < row.length; index++) {
    const character = row.charAt(index);
    if (character === '|') found.push('');
    else found[found.length - 1] += character === '\\' ? character + row.charAt(++index) : character;
  }
  return found;
}

test('no text can end its cell, its code span or its row', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('\\', '|', '`', '<', '*', '\n', 'a', ' '),
    maxLength: 12,
  });
  fc.assert(
    fc.property(hostile, (text) => {
      for (const escaped of [prose(text), code(text)]) {
        expect(cells(escaped)).toHaveLength(1);
        expect(escaped).not.toContain('\n');
      }
      const span = code(text);
      if (span.startsWith('`')) expect(span.slice(1, -1)).not.toMatch(/[`\\|]/);
      else expect(span.replace(/\\./g, '')).not.toMatch(/[`<*|]/);
    }),
  );
});

test.each([
  ['HTML', '<img src=x onerror=alert(1)>', '\\<img src=x onerror=alert(1)\\>'],
  ['a link', '[ok](https://evil.example)', '\\[ok\\](https:\u200b//evil.example)'],
  ['a mention', 'ask @everyone', 'ask @\u200beveryone'],
  ['an issue number', 'fixes acme/web#12', 'fixes acme/web#\u200b12'],
  ['an entity', '&lt;b&gt;', '\\&lt;b\\&gt;'],
  ['a bare address', 'www.evil.example', 'www\u200b.evil.example'],
])('%s in a text stays text', (_name, text, expected) => {
  expect(prose(text)).toBe(expected);
});

test('a fleet too big for a comment is cut by rows, and says how many', () => {
  const images = Array.from({ length: 2000 }, (_, index) => ({
    ...missing,
    reference: `docker.io/acme/app-${index}:1`,
  }));
  const text = renderMarkdown(scanResult({ images }));
  expect(text.length).toBeLessThan(65_536);
  const rows = text.match(/^\| `docker/gm)?.length ?? 0;
  expect(text).toContain(`${2000 - rows} rows left out to fit a comment.`);
});
