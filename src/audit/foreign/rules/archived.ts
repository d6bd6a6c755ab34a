import { lastName } from '../platform-words.ts';
import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';
import { isJavaArchive, isPackageFile, isPythonArchive } from './archive-kinds.ts';

const caches =
  /(?:^|\/)(?:\.?cache|\.npm|\.yarn|pkgs|distfiles|downloads?|\.downloads)\/|^var\/(?:cache|lib\/apt)\//i;

/** What is packed in archives. */
export function archived(file: ForeignFile, { platform }: ImageKnowledge): Judgement | undefined {
  if (file.innerPath === '') return undefined;
  const { architecture } = file.code;
  if (isPackageFile(file) || caches.test(file.entry.path))
    return packed(
      'inert',
      'It is in a package or a download: nothing runs from there before it is installed.',
    );
  if (isJavaArchive(file))
    return {
      verdict: 'unknown',
      role: 'java-library',
      because: `A Java program that loads it fails: nothing for ${platform.architecture} is beside it.`,
    };
  if (isPythonArchive(file))
    return {
      verdict: 'unknown',
      role: 'python-module',
      because: `A Python program that unpacks it fails: nothing for ${platform.architecture} is beside it.`,
    };
  const name = lastName(file.words);
  if (name?.architectures.includes(architecture) === true)
    return packed(
      'inert',
      `Its archive says that it is for ${architecture} (${name.text}), and nothing runs from there.`,
    );
  return packed(
    'unknown',
    `What it is unpacked for can't be told; on ${platform.architecture} it can't run.`,
  );
}

function packed(verdict: 'inert' | 'unknown', because: string): Judgement {
  return { verdict, role: 'package-file', because };
}
