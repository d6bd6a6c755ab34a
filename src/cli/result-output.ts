import { type Drawing, plainText } from '../report/index.ts';
import type { ResultFlags } from './base-command.ts';
import { type Io, writeText } from './io.ts';
import { openOutputFile } from './output-file.ts';
import { wantsColor } from './terminal.ts';

/** A result as text, with what the person should know beside it. */
export interface Report {
  readonly text: string;
  /** Said on stderr where the text goes into a file. */
  readonly totals: string;
  readonly warnings?: readonly string[];
}

/** Where a command's result goes. */
export interface ResultOutput {
  /** How reports are to be drawn there. */
  readonly drawing: Drawing;
  /** @throws UsageError `OUTPUT_UNWRITABLE` */
  write(report: Report): Promise<void>;
}

interface OutputFlags extends ResultFlags {
  readonly all?: boolean;
}

/**
 * Finds out where the result goes, before the long work starts.
 * @throws UsageError `OUTPUT_UNWRITABLE`
 */
export async function openResultOutput(flags: OutputFlags, io: Io): Promise<ResultOutput> {
  const { output, quiet = false } = flags;
  const file = output === undefined ? undefined : await openOutputFile(output, io.cwd);
  return {
    drawing: drawingFor(flags, io),
    write: async ({ text, totals, warnings = [] }) => {
      await (file === undefined ? writeText(io.stdout, text) : file.write(text));
      const said = [
        ...(output === undefined ? [] : [`wrote ${plainText(output)}: ${totals}`]),
        ...warnings.map((warning) => `warning: ${warning}`),
      ];
      if (!quiet) await writeText(io.stderr, said.map((line) => `armload: ${line}\n`).join(''));
    },
  };
}

function drawingFor({ output, all = false, verbose = false }: OutputFlags, io: Io): Drawing {
  const toTerminal = output === undefined;
  return {
    color: toTerminal && wantsColor(io.stdout, io.environment),
    ...(toTerminal && io.stdout.columns ? { columns: io.stdout.columns } : {}),
    all,
    detail: verbose,
  };
}
