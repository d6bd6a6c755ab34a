import type { ShellCommand, ShellText } from './shell-commands.ts';

/** A command with what becomes of the shell where it fails. */
export interface ListedCommand extends ShellCommand {
  /** `|| exit 1` stands behind it. */
  readonly exits: boolean;
  /** Its failure is the end, and the failure, of the text. */
  readonly fatal: boolean;
  /** It runs in a shell of its own: in a pipe, or in a list that `&` puts into the background. */
  readonly apart: boolean;
}

/** Judges the commands of a text by what joins them (POSIX "Shell Command Language", 2.9.3 "Lists"). */
export function listCommands({ commands, stopped }: ShellText): readonly ListedCommand[] {
  const joined = withoutExits(commands);
  const listed: ListedCommand[] = [];
  /** Is the failure of the command that comes next in the list the end, where that is skipped? */
  let skipped = false;
  // How a list goes on that isn't read to its end isn't known.
  let inBackground = stopped !== undefined;
  for (const command of joined.toReversed()) {
    const { before, after, exits } = command;
    if (after === undefined || after === ';' || after === '&') inBackground = after === '&';
    const isLast: boolean = after === undefined && stopped === undefined;
    const ends: boolean = (exits && !inBackground) || isLast || (after === '&&' && skipped);
    // What the last of a pipe does decides, and that is hardly to fail.
    const fatal: boolean = ends && before !== '|';
    listed.push({ ...command, fatal, apart: inBackground || before === '|' || after === '|' });
    skipped = fatal;
  }
  return listed.toReversed();
}

type JoinedCommand = Omit<ListedCommand, 'fatal' | 'apart'>;

/** Takes `|| exit 1`, and `|| false` at the end, as what they say of the command before. */
function withoutExits(commands: readonly ShellCommand[]): readonly JoinedCommand[] {
  const kept: JoinedCommand[] = [];
  for (const command of commands) {
    const last = kept.at(-1);
    if (last === undefined || !isFailure(command)) {
      const before = last?.exits === true && command.before === ';' ? '&&' : command.before;
      kept.push({ ...command, before, exits: false });
      continue;
    }
    const { after: _, ...rest } = last;
    kept.pop();
    kept.push({ ...rest, ...(command.after && { after: command.after }), exits: true });
  }
  return kept;
}

/** In a pipe, or behind `&`, `exit` ends a shell of its own only. */
function isFailure({ words, before, after }: ShellCommand): boolean {
  if (before !== '||' || after === '|' || after === '&') return false;
  const literal = words.map((word) => (word.length === 1 && word[0]?.kind === 'text' ? word[0].text : '?'));
  const text = literal.join(' ');
  return /^exit 0*[1-9][0-9]*$/.test(text) || (text === 'false' && after === undefined);
}
