import type { Subject } from '../types.ts';
import { isOverridden } from './find-program.ts';
import type { Word } from './surroundings.ts';

/** What a container starts: the entrypoint with the command behind it. */
export interface Start {
  readonly entrypoint: readonly string[];
  /** The program where there is no entrypoint. */
  readonly command: readonly string[];
}

/**
 * The entrypoint and command in force: a pod's `command` takes the entrypoint's place and drops the image's command, its
 * `args` take the command's place (Kubernetes, "Define a Command and Arguments for a Container"; containerd
 * `WithProcessArgs`). Empty lists count as not given.
 */
export function startOf({ run, override }: Subject): Start {
  const { command = [], args = [] } = override;
  if (command.length > 0) return { entrypoint: command, command: args };
  // One empty word is how an entrypoint is taken back.
  const isReset = run.entrypoint.length === 1 && run.entrypoint[0] === '';
  return { entrypoint: isReset ? [] : run.entrypoint, command: args.length > 0 ? args : run.command };
}

/**
 * A pod's words with `$(NAME)` are known only with the pod's environment, and `$$` is a `$` (Kubernetes, `Container.args`).
 * The image's own words are not touched.
 */
export function expandedWords(subject: Subject, words: readonly string[]): readonly Word[] {
  if (!isOverridden(subject)) return words;
  const { override } = subject;
  const ofPod = new Set([...(override.command ?? []), ...(override.args ?? [])]);
  return words.map((word) => (ofPod.has(word) ? expanded(word) : word));
}

function expanded(word: string): Word {
  const text = word.replaceAll('$$', '\0');
  if (/\$\([^)]*\)/.test(text)) return undefined;
  return text.replaceAll('\0', '$');
}
