import { expect, test } from 'vitest';
import { zipOf } from '../archives.test-support.ts';
import { inspectBytes, inspectFile } from '../inspect.ts';

const name = (group: string, artifact: string) => `META-INF/maven/${group}/${artifact}/pom.properties`;
const entry = (path: string) => ({ name: path, data: Buffer.from('version=1\n') });

function mavenOf(bytes: Buffer, streamed: boolean): readonly string[] | undefined {
  if (!streamed) {
    const facts = inspectBytes('x.jar', bytes);
    return facts.kind === 'archive' ? facts.archive.maven : undefined;
  }
  // Too big to be kept whole.
  const inspector = inspectFile({ path: 'x.jar', size: bytes.length }, { wholeFileBytes: 10 });
  inspector.write(bytes);
  const facts = inspector.finish();
  return facts.kind === 'archive' ? facts.archive.maven : undefined;
}

test.each([false, true])('a jar says which artifacts Maven packed into it (streamed: %s)', (streamed) => {
  const bytes = zipOf([
    entry(name('org.example', 'tool')),
    entry(name('com.acme', 'base-lib')),
    entry('META-INF/maven/org.example/tool/pom.xml'),
    entry('META-INF/maven/../x/pom.properties'),
    entry(`x/${name('org.example', 'inner')}`),
  ]);
  expect(mavenOf(bytes, streamed)).toEqual(['org.example:tool', 'com.acme:base-lib']);
  expect(mavenOf(zipOf([entry('a')]), streamed)).toBeUndefined();
  const many = zipOf(Array.from({ length: 100 }, (_none, index) => entry(name('g', `a${index}`))));
  expect(mavenOf(many, streamed)).toHaveLength(16);
});
