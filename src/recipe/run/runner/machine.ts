import { createReadStream } from 'node:fs';
import { type FileFacts, inspectFile, type MachineCode, machineCodeIn } from '../../../binary/index.ts';

/** Is a file's machine code what it should be? `ok` is absent where that could not be determined. */
export interface MachineAnswer {
  readonly ok?: boolean;
  /** A sentence. */
  readonly why: string;
}

/** Looks at a file of this machine. */
export async function inspectStored(
  file: string,
  {
    path,
    size,
    signal,
  }: { readonly path: string; readonly size: number; readonly signal: AbortSignal | undefined },
): Promise<FileFacts> {
  const inspector = inspectFile({ path, size });
  const stream = createReadStream(file, {
    highWaterMark: 256 * 1024,
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const chunk of stream) inspector.write(chunk as Uint8Array);
  return inspector.finish();
}

/**
 * A program or library is of the machine that its own header says, whatever is packed inside it. Of an archive, all code in
 * it has to be of that machine: what is for another would be there for nothing, or be the one that's used.
 */
export function machineAnswer(facts: FileFacts, wanted: 'arm64' | 'amd64' | 'none'): MachineAnswer {
  const pieces = machineCodeIn(facts).filter(({ os }) => os !== 'any');
  const own = pieces.filter(({ path, offset }) => path === '' && offset === 0);
  const decisive = own.length > 0 ? own : pieces;
  if (wanted === 'none') return withoutCode(facts, decisive);
  const foreign = decisive.find(({ os, architecture }) => os !== 'linux' || architecture !== wanted);
  if (foreign !== undefined)
    return { ok: false, why: `it is for ${described(foreign)}, and should be for linux/${wanted}` };
  const unread = unreadPart(facts);
  if (own.length > 0) return { ok: true, why: `its machine code is for linux/${wanted}` };
  if (unread !== undefined) return { why: `not all of it could be read: ${unread}` };
  if (pieces.length === 0)
    return {
      ok: false,
      why: `it holds no machine code (it is ${kindOf(facts)}), and should be for linux/${wanted}`,
    };
  return { ok: true, why: `all machine code in it is for linux/${wanted}` };
}

function withoutCode(facts: FileFacts, pieces: readonly MachineCode[]): MachineAnswer {
  const first = pieces[0];
  if (first !== undefined)
    return { ok: false, why: `it holds machine code for ${described(first)}, and should hold none` };
  const unread = unreadPart(facts);
  return unread === undefined
    ? { ok: true, why: 'it holds no machine code' }
    : { why: `not all of it could be read: ${unread}` };
}

function described({ path, os, architecture }: MachineCode): string {
  return `${os}/${architecture}${path === '' ? '' : ` (${path} in it)`}`;
}

function unreadPart(facts: FileFacts): string | undefined {
  if (facts.kind === 'unopened') return `${facts.format} is not opened`;
  const inner = facts.nested?.map(({ facts: nested }) => nested) ?? [];
  const problem = [facts, ...inner].flatMap(({ problems = [] }) => problems)[0];
  if (problem !== undefined) return `${problem.where}: ${problem.message}`;
  return (facts.nestedOmitted ?? 0) > 0 ? `${facts.nestedOmitted} more files in it` : undefined;
}

function kindOf(facts: FileFacts): string {
  return facts.kind === 'archive' ? `an archive, ${facts.archive.format}` : facts.kind;
}
