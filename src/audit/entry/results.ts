import { type MachineCode, machineCodeIn } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import type { EntryResult } from '../../results/index.ts';
import { runsNatively } from '../native.ts';
import type { EntryTrace, Subject } from '../types.ts';

/** Characters of a command that are shown. */
const longestCommand = 4_096;

/** What a container starts and where that ends, for people and programs to read. */
export function entryResults(subject: Subject, traces: readonly EntryTrace[]): readonly EntryResult[] {
  return traces.map((trace) => {
    const files = trace.steps.flatMap(({ file }) => (file === undefined ? [] : [file]));
    return {
      role: trace.role,
      words: clipped(trace.words),
      chain: files.map(({ path }) => `/${path}`),
      ...judged(subject, trace, files),
    };
  });
}

function judged(
  { platform }: Subject,
  { end, certain }: EntryTrace,
  files: readonly ViewEntry[],
): Pick<EntryResult, 'ends' | 'ok'> {
  const foreign = files.find((file) => {
    const code = ownCode(file);
    return code.length > 0 && !code.some((part) => runsNatively(part, platform));
  });
  // Whatever the rest of the chain is, it isn't reached on the platform.
  if (foreign !== undefined) return { ends: programText(foreign), ok: false };
  const last = files.at(-1);
  if (end.kind === 'machine-code')
    return last === undefined ? { ends: 'unknown' } : { ends: programText(last), ok: true };
  if (end.kind === 'unknown') return { ends: `unknown: ${end.why}` };
  const ends = `${end.kind === 'not-found' ? 'not found' : 'no program'}: ${end.why}`;
  return certain && end.tolerated !== true ? { ends, ok: false } : { ends };
}

/** Machine code that the file itself begins with. */
function ownCode({ entry }: ViewEntry): readonly MachineCode[] {
  if (entry.facts === undefined) return [];
  return machineCodeIn(entry.facts).filter(({ path, offset }) => path === '' && offset === 0);
}

const formats = { elf: 'ELF', pe: 'PE', macho: 'Mach-O', wasm: 'WebAssembly', library: 'library' } as const;

function programText(file: ViewEntry): string {
  const [code] = ownCode(file);
  return code === undefined
    ? 'machine code'
    : `${code.os}/${code.architecture} ${formats[code.format]} program`;
}

function clipped(words: readonly string[]): string[] {
  const kept: string[] = [];
  let room = longestCommand;
  for (const word of words) {
    if (word.length > room) return [...kept, `${word.slice(0, room)}…`];
    kept.push(word);
    room -= word.length + 1;
  }
  return kept;
}
