import { describe, expect, test } from 'vitest';
import { digestNumber, publishedImage, publishResult } from '../../../test/support/publish-result.ts';
import { publishResultSchema } from '../../results/index.ts';
import { formats } from '../formats.ts';
import { renderPublishMarkdown } from './markdown.ts';
import { publishOutcomeOf } from './outcome.ts';
import { publishTotalsOf } from './sentences.ts';
import { renderPublishTable } from './table.ts';

const refusal = publishedImage('linux/arm64', {
  audit: { state: 'refused', why: 'mislabelled: it starts amd64 machine code' },
});
const doubt = publishedImage('linux/amd64', { audit: { state: 'unknown', why: 'unknown: too large' } });

describe('the exit code', () => {
  test.each([
    ['published', publishResult(), 0],
    ['unchanged', publishResult({ outcome: 'unchanged' }), 0],
    ['planned', publishResult({ outcome: 'planned' }), 0],
    ['refused by an audit', publishResult({ outcome: 'refused', images: [refusal] }), 1],
    ['refused for want of an answer', publishResult({ outcome: 'refused', images: [doubt] }), 2],
    ['refused for both: 2 never hides 1', publishResult({ outcome: 'refused', images: [doubt, refusal] }), 1],
  ])('of what is %s', (_name, result, code) => {
    expect(publishOutcomeOf(result).code).toBe(code);
  });
});

test('the table says what was published, from where, and what became of the blobs', () => {
  const result = publishResult({
    previous: digestNumber(5),
    others: [{ kind: 'attestation', digest: digestNumber(3), of: digestNumber(1), source: 'a' }],
    referrers: [
      {
        digest: digestNumber(4),
        subject: digestNumber(1),
        artifactType: 'application/sbom',
        source: 'a',
      },
    ],
    omitted: [
      { digest: digestNumber(6), platform: 'linux/s390x', source: 'b', why: 'replaced by that of c' },
    ],
  });
  const short = (number: number) => digestNumber(number).slice(0, 19);
  expect(renderPublishTable(result)).toBe(`published  registry.example/app:1
  why       registry.example/app:1 points to this index
  index     ${digestNumber(9)}  OCI index, 2 images, 1 attestation
  was       ${digestNumber(5)}
  image     linux/amd64  ${short(1)}  from docker.io/acme/app:1
            audit passed: right: what it starts is machine code of its platform
  image     linux/arm64  ${short(2)}  from docker.io/acme/app:1
            audit passed: right: what it starts is machine code of its platform
  referrer  ${short(4)}  of ${short(1)}  application/sbom
  left out  linux/s390x  ${short(6)}  of b: replaced by that of c

published · 2 images, 1 other entry, 1 referrer, 1 left out · 2 blobs: 1 uploaded (12 MB), 1 there already (480 KB) · exit 0: the index is published
`);
});

test('a dry run lists every blob with --all, in words of what would be', () => {
  const table = renderPublishTable(publishResult({ outcome: 'planned' }), { all: true });
  expect(table).toContain('  blob      sha256:000000000000  to upload (12 MB)\n');
  expect(table).toContain('            sha256:000000000000  there already (480 KB)\n');
  expect(publishTotalsOf(publishResult({ outcome: 'planned' }))).toContain('1 to upload (12 MB)');
});

test.each([
  ['table', renderPublishTable],
  ['markdown', renderPublishMarkdown],
])('the %s of a refusal names the image and why', (_name, render) => {
  const text = render(publishResult({ outcome: 'refused', images: [refusal], blobs: [] }));
  expect(text).toContain('linux/arm64');
  expect(text).toContain('it starts amd64 machine code');
  expect(text).toContain('exit 1');
});

test('Markdown has tables of images, referrers and what was left out, and drives no forge', () => {
  const text = renderPublishMarkdown(
    publishResult({
      images: [
        publishedImage('linux/amd64', { source: 'a|b`c', audit: { state: 'passed', why: '@team #1' } }),
      ],
      omitted: [{ digest: digestNumber(6), source: 'b', why: '<b>' }],
    }),
    { all: true },
  );
  expect(text).toContain('### Images (1)');
  expect(text).toContain('### Left out (1)');
  expect(text).toContain('### Blobs (2)');
  expect(text).toContain('a\\|b\\`c');
  expect(text).not.toMatch(/@team|<b>/);
});

test('no format lets a source drive the terminal, and the JSON is the document itself', () => {
  const result = publishResult({
    images: [
      publishedImage('linux/\u001b[2Jamd64', {
        source: 'a\u202eb',
        audit: { state: 'passed', why: '\u0007' },
      }),
    ],
  });
  for (const format of formats) {
    const text = format.renderPublish(result, { all: true, detail: true });
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    if (format.name === 'json') expect(publishResultSchema.parse(JSON.parse(text))).toEqual(result);
  }
});
