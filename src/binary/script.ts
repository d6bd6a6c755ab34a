import type { ScriptFacts } from './facts.ts';

// Linux reads no more of the first line (BINPRM_BUF_SIZE since 5.1).
const maxLine = 256;

/** Reads `#! interpreter [argument]` as Linux does (fs/binfmt_script.c); `undefined` where no interpreter is named. */
export function readShebang(head: Buffer): ScriptFacts | undefined {
  const line = head.toString('latin1', 2, Math.min(head.length, maxLine)).split(/[\n\0]/, 1)[0] ?? '';
  // A carriage return is part of the words, as a script saved on Windows finds out.
  const match = /^[ \t]*([^ \t]+)(?:[ \t]+(.*?))?[ \t]*$/s.exec(line);
  if (match === null) return undefined;
  const interpreter = utf8(match[1] ?? '');
  const argument = match[2] === undefined || match[2] === '' ? undefined : utf8(match[2]);
  const program = /(?:^|\/)env$/.test(interpreter) ? programOfEnv(argument) : undefined;
  return {
    interpreter,
    ...(argument === undefined ? {} : { argument }),
    ...(program === undefined ? {} : { program }),
  };
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

/** Linux hands env one argument; only with -S does env split it (GNU coreutils manual, "env invocation"). */
function programOfEnv(argument: string | undefined): readonly string[] | undefined {
  if (argument === undefined) return undefined;
  const split = /^(?:-[iv0]*S|--split-string=?)[ \t]*(.*)$/s.exec(argument)?.[1];
  if (split === undefined) return argument.startsWith('-') ? undefined : [argument];
  const words = splitWords(split);
  if (words === undefined) return undefined;
  const start = words.findIndex((word) => !word.startsWith('-') && !/^\w+=/.test(word));
  const options = start < 0 ? words : words.slice(0, start);
  // Options with an argument of their own (-u NAME, -C DIR) would shift the program's place.
  if (start < 0 || options.some((word) => /^-[^-]*[uCS]$/.test(word))) return undefined;
  return words.slice(start);
}

/** Words with env's quotes; `undefined` where escapes or variables make the words depend on more than the text. */
function splitWords(text: string): readonly string[] | undefined {
  if (/[\\$#]/.test(text)) return undefined;
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const plain = words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
  return plain.some((word) => /["']/.test(word)) ? undefined : plain;
}
