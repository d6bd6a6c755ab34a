// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts under test hold variables
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foundUse, templateReason } from './reference-text.ts';

const use = { source: 'argument' as const };

describe('a written text', () => {
  test.each([
    'nginx',
    'localhost:5000/a/b__c:1.2-alpine',
    `host:5000/app:1.2@sha256:${'0'.repeat(64)}`,
    '[::1]:5000/x',
  ])('%s is taken as it is', (written) => {
    expect(foundUse({ written: ` ${written}\n` }, use)).toEqual({ written, use });
  });

  test.each([
    ['{{ .Values.image }}', 'template'],
    ['app:{{ tag }}', 'template'],
    ['${IMAGE}', 'variable ${IMAGE}'],
    ['app:${{ github.sha }}', 'template'],
    ['$(params.image)', 'variable $(params.image)'],
    ['app:$TAG', 'variable $TAG'],
    ['<registry>/app', 'placeholder <registry>'],
    ['app:%s', 'format mark %s'],
    ['%(image)s', 'format mark %(image)s'],
    ['%IMAGE%', 'placeholder'],
    ['app:@@TAG@@', 'placeholder @@TAG@@'],
    ['app:@TAG@', 'placeholder @TAG@'],
    ['app:__TAG__', 'placeholder __TAG__'],
    ['app:#{tag}#', 'placeholder #{tag}'],
    ['{registry}/app', 'placeholder {registry}'],
    ['{% if x %}', 'template statement'],
  ])('%s is a template', (written, reason) => {
    expect(foundUse({ written }, use).unresolved).toContain(reason);
  });

  test.each(['', 'a b', 'UPPER', 'a:', 'a@sha256:1', 'http://x/y', 'a//b'])(
    '%j is kept with the parser’s sentence',
    (written) => {
      expect(foundUse({ written }, use)).toEqual({
        written,
        unresolved: expect.stringContaining('is not an image reference'),
        use,
      });
    },
  );

  test('what interpolation changed is looked up; its own reason wins', () => {
    expect(foundUse({ written: '$A', resolved: 'b:1' }, use)).toEqual({
      written: '$A',
      resolved: 'b:1',
      use,
    });
    expect(foundUse({ written: '$A', unresolved: 'because' }, use)).toEqual({
      written: '$A',
      unresolved: 'because',
      use,
    });
    expect(foundUse({ written: '$A', resolved: '' }, use).unresolved).toContain('empty');
  });

  test('any text gets an answer, soon', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('{{', '${', '$(', '<a', '%(', '@@', '@a', '__A', '#{', '{%', '{a', 'x')),
        (parts) => {
          const text = parts.join('').repeat(200);
          const started = performance.now();
          templateReason(text);
          expect(performance.now() - started).toBeLessThan(1000);
        },
      ),
    );
  });
});
