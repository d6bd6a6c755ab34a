import { lastName } from '../platform-words.ts';
import { namesPlatform } from '../twins.ts';
import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';

const folders: ReadonlySet<string> = new Set([
  'test',
  'tests',
  'testdata',
  'test_data',
  'test-data',
  'fixtures',
  '__tests__',
  '__fixtures__',
  'examples',
  // Debian's programs that find out what a host can run: one for each architecture.
  'arch-test',
]);

/** What tests and examples read. */
export function testData(file: ForeignFile, { platform }: ImageKnowledge): Judgement | undefined {
  const { components } = file.words;
  // An image made for tests keeps its own programs in `/tests`.
  const found = components.findIndex((component, index) => index > 0 && folders.has(component));
  const at = file.entry.path.startsWith('usr/share/doc/') ? 2 : found;
  if (at < 0) return undefined;
  const name = lastName(file.words);
  if (name !== undefined && name.component > at && namesPlatform(name, platform))
    return {
      verdict: 'unknown',
      role: 'test-data',
      because: `It lies among test data and is named for ${platform.architecture}, which it isn't.`,
    };
  return {
    verdict: 'inert',
    role: 'test-data',
    because: "It lies among test data or documentation: programs in use don't start or load it.",
  };
}
