import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packed, temporary } from '../java.test-support.ts';
import { findRepositories } from './find-repositories.ts';
import { elementsAt, parseXml, textAt } from './xml.ts';

describe('plain XML', () => {
  test('is read with attributes, comments, entities and character data', () => {
    const root = parseXml(
      '\uFEFF<?xml version="1.0"?>\n<!-- <no/> -->\n<a xmlns="x" k=\'1 &lt; 2\'>\n <b>one &#38; &#x32;</b><b/><p:b><![CDATA[<c>]]></p:b></a>\n',
    );
    expect(root).toMatchObject({ name: 'a', attributes: { k: '1 < 2' } });
    expect(elementsAt(root ?? fail(), 'b').map(({ text }) => text)).toEqual(['one & 2', '', '<c>']);
    expect(textAt(root ?? fail(), 'none')).toBeUndefined();
  });

  test.each([
    ['is not closed', '<a><b></a>'],
    ['has two roots', '<a/><b/>'],
    ['has a document type', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['is too deep', `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`],
    ['has too much in it', `<a>${'<b/>'.repeat(30_000)}</a>`],
    ['is none', 'hello <'],
  ])('that %s is none', (_what, text) => {
    expect(parseXml(text)).toBeUndefined();
  });
});

function fail(): never {
  throw new Error('it could not be read');
}

/** A home with these settings, and a Maven whose own repository is an example's. */
function maven(settings?: string): Readonly<Record<string, string>> {
  const home = temporary();
  mkdirSync(join(home, '.m2'));
  mkdirSync(join(home, 'maven', 'lib'), { recursive: true });
  if (settings !== undefined)
    writeFileSync(join(home, '.m2', 'settings.xml'), `<settings>${settings}</settings>`);
  const pom = packed({
    'org/apache/maven/model/pom-4.0.0.xml':
      '<project><repositories><repository><id>central</id><url>https://main.example/maven2</url></repository></repositories></project>',
  });
  writeFileSync(join(home, 'maven', 'lib', 'maven-model-builder-3.9.0.jar'), pom);
  return { HOME: home, MAVEN_HOME: join(home, 'maven') };
}

function mirror(of: string, url = 'https://mirror.example/all'): string {
  return `<mirrors><mirror><id>m</id><mirrorOf>${of}</mirrorOf><url>${url}</url></mirror></mirrors>`;
}

const profile = (active: string) =>
  `<profiles><profile><id>p</id>${active}<repositories><repository><id>ours</id><url>https://ours.example/</url></repository></repositories></profile></profiles>`;

describe('the repositories', () => {
  test.each([
    ["are Maven's own", undefined, ['https://main.example/maven2/']],
    ['are had from the mirror of all', mirror('*'), ['https://mirror.example/all/']],
    ['are had from the mirror of their name', mirror('other,central'), ['https://mirror.example/all/']],
    [
      'are not had from a mirror of others, or of all but them',
      mirror('*,!central'),
      ['https://main.example/maven2/'],
    ],
    [
      'are not had from one of what is in the clear',
      mirror('external:http:*'),
      ['https://main.example/maven2/'],
    ],
    [
      'are first those of a profile that is active',
      profile('<activation><activeByDefault>true</activeByDefault></activation>'),
      ['https://ours.example/', 'https://main.example/maven2/'],
    ],
    ['are not those of one that is not', profile(''), ['https://main.example/maven2/']],
  ])('%s', async (_what, settings, expected) => {
    expect(await findRepositories(undefined, maven(settings))).toEqual({
      kind: 'found',
      repositories: expected,
    });
  });

  test.each([
    ['Maven is to work offline', '<offline>true</offline>', /offline/],
    ['the settings are damaged', '<mirrors>', /can't be understood/],
    ['they are reached in the clear', mirror('*', 'http://mirror.example/'), /reached by https/],
  ])('are unknown where %s', async (_what, settings, why) => {
    const found = await findRepositories(undefined, maven(settings));
    expect(found).toMatchObject({ kind: 'none', why: expect.stringMatching(why) });
  });

  test('are those that are named, whatever Maven says; what is no address is wrong usage', async () => {
    const named = await findRepositories(['http://ours.example/maven'], maven('<offline>true</offline>'));
    expect(named).toEqual({ kind: 'found', repositories: ['http://ours.example/maven/'] });
    await expect(findRepositories(['ftp://x.example'], {})).rejects.toThrow(
      /is not an http or https address/,
    );
  });

  test('are those of a mirror of everything where no Maven is installed', async () => {
    const { HOME } = maven(mirror('*'));
    expect(await findRepositories(undefined, HOME === undefined ? {} : { HOME })).toMatchObject({
      repositories: ['https://mirror.example/all/'],
    });
    expect(await findRepositories(undefined, {})).toMatchObject({ kind: 'none' });
  });
});
