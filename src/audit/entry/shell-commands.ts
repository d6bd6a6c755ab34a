import { limits } from './limits.ts';
import { type Piece, readShellTokens } from './shell-lexer.ts';

export type ShellWord = readonly Piece[];

/** What joins a command to the next: `;` for line ends too. */
export type Joint = '&&' | '||' | '|' | ';' | '&';

/** One plain command of a text. */
export interface ShellCommand {
  readonly words: readonly ShellWord[];
  /** Redirects output into a file that may be new. */
  readonly writes: boolean;
  /** What stands before it; `;` for the first. */
  readonly before: Joint;
  /** What stands behind it; absent for the last. */
  readonly after?: Joint;
}

export interface ShellText {
  readonly commands: readonly ShellCommand[];
  /** Why the text isn't followed beyond them. */
  readonly stopped?: string;
}

/** Words that begin something else than a plain command where nothing quotes them. */
const reserved: ReadonlySet<string> = new Set([
  ...['!', '{', '}', '[[', 'case', 'do', 'done', 'elif', 'else', 'esac', 'fi', 'for', 'function', 'if', 'in'],
  ...['coproc', 'select', 'then', 'time', 'until', 'while'],
]);

/** Reads a text as far as it is plain commands (POSIX "Shell Command Language", 2.9). */
export function readShellText(text: string): ShellText {
  if (text.length > limits.text)
    return { commands: [], stopped: `a text of more than ${limits.text} characters` };
  const reader = new CommandReader();
  for (const token of readShellTokens(text)) {
    if (token.kind === 'stop') return { commands: reader.commands, stopped: token.why };
    if (token.kind === 'word') reader.word(token.pieces);
    else if (token.kind === 'redirection') reader.redirection(token.writes);
    else reader.separator(token.text);
    if (reader.stopped !== undefined) return { commands: reader.commands, stopped: reader.stopped };
  }
  reader.end();
  return { commands: reader.commands };
}

class CommandReader {
  readonly commands: ShellCommand[] = [];
  stopped: string | undefined;
  #before: Joint = ';';
  #words: ShellWord[] = [];
  #writes = false;
  /** What the next word is the file of. */
  #target: 'none' | 'read' | 'write' = 'none';

  word(pieces: ShellWord): void {
    if (this.#target !== 'none') {
      this.#writes ||= this.#target === 'write' && !isHarmlessTarget(pieces);
      this.#target = 'none';
      return;
    }
    const keyword = this.#words.length === 0 ? plainText(pieces) : undefined;
    if (keyword !== undefined && reserved.has(keyword)) this.stopped = `"${keyword}"`;
    this.#words.push(pieces);
  }

  redirection(writes: boolean): void {
    this.#target = writes ? 'write' : 'read';
  }

  separator(joint: Joint): void {
    const isEmpty = this.#words.length === 0 && !this.#writes;
    // Line ends may follow an operator; any other empty command is an error of the text.
    if (isEmpty && joint !== ';') this.stopped = `"${joint}" without a command before it`;
    if (!isEmpty) this.#add(joint);
  }

  /** Ends the text: what joins nothing any more is left out. */
  end(): void {
    if (this.#words.length > 0 || this.#writes) {
      this.#add(undefined);
      return;
    }
    const last = this.commands.pop();
    if (last === undefined) return;
    const { after, ...rest } = last;
    this.commands.push(after === '&' ? last : rest);
  }

  #add(after: Joint | undefined): void {
    if (this.commands.length === limits.commands) {
      this.stopped = `more than ${limits.commands} commands`;
      return;
    }
    const command = { words: this.#words, writes: this.#writes, before: this.#before };
    this.commands.push(after === undefined ? command : { ...command, after });
    this.#before = after ?? ';';
    this.#words = [];
    this.#writes = false;
  }
}

function isHarmlessTarget(pieces: ShellWord): boolean {
  const text = pieces.map((piece) => (piece.kind === 'text' ? piece.text : '*')).join('');
  return text.startsWith('/dev/') || /^[0-9]*-?$/.test(text);
}

/** The text of a word that nothing quotes. */
function plainText(pieces: ShellWord): string | undefined {
  const [piece] = pieces;
  return pieces.length === 1 && piece?.kind === 'text' && !piece.quoted ? piece.text : undefined;
}
