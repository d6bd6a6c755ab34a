import { expect, test } from 'vitest';
import { mergeScopes, scopeTexts } from './scope.ts';

test('a scope names what is about to be done', () => {
  expect(scopeTexts({ repository: 'a/b', push: false })).toEqual(['repository:a/b:pull']);
  expect(scopeTexts({ repository: 'a/b', push: true, alsoPull: ['c'] })).toEqual([
    'repository:a/b:pull,push',
    'repository:c:pull',
  ]);
});

test.each([
  [['repository:a:pull'], undefined, ['repository:a:pull']],
  [['repository:a:pull'], '', ['repository:a:pull']],
  [['repository:a:pull'], 'repository:a:pull', ['repository:a:pull']],
  // The challenge of a HEAD says pull, and a push is about to follow.
  [['repository:a:pull,push'], 'repository:a:pull', ['repository:a:pull,push']],
  // The registry knows the repository by another name.
  [['repository:a:pull'], 'repository:cache/a:pull', ['repository:cache/a:pull']],
  [['repository:a:pull'], 'repository:a:pull repository:b:pull', ['repository:a:pull', 'repository:b:pull']],
  [['repository:a:pull'], 'repository:a:pull,delete', ['repository:a:pull,delete']],
  [
    ['repository:a:pull,push', 'repository:c:pull'],
    'repository:a:push,pull',
    ['repository:a:pull,push', 'repository:c:pull'],
  ],
  [['repository:h:5/a:pull,push'], 'repository:h:5/a:pull', ['repository:h:5/a:pull,push']],
])('%j with %j asks for %j', (own, challenge, merged) => {
  expect(mergeScopes(own, challenge)).toEqual(merged);
});
