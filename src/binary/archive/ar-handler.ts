import { readHeader } from '../elf/header.ts';
import type { FileContent, LibraryFacts } from '../facts.ts';
import type { Child, Context, Handler } from '../handler.ts';
import { elfArchitecture, elfMachine } from '../machines.ts';
import { type Parser, Pass, StreamReader } from './stream-reader.ts';

const headerBytes = 60;
const maxNames = 1024 * 1024;
const maxMachines = 16;

type MachineCount = {
  -readonly [Key in keyof LibraryFacts['machines'][number]]: LibraryFacts['machines'][number][Key];
};

/** Reads an ar archive: of a static library the members' machines, of a Debian package the tars inside. */
export class ArHandler implements Handler {
  readonly #context: Context;
  readonly #reader = new StreamReader((reader) => this.#parse(reader));
  readonly #machines = new Map<string, MachineCount>();
  #members = 0;
  #isDeb = false;

  constructor(context: Context) {
    this.#context = context;
  }

  write(chunk: Buffer): void {
    this.#reader.write(chunk);
  }

  finish(): FileContent {
    this.#reader.finish();
    if (this.#isDeb) return { kind: 'archive', archive: { format: 'deb', entries: this.#members } };
    return { kind: 'library', library: { members: this.#members, machines: [...this.#machines.values()] } };
  }

  *#parse(reader: StreamReader): Parser {
    const magic = yield { take: 8 };
    // The members of a thin archive are files elsewhere; only its tables have bodies.
    const isThin = magic.toString('latin1') === '!<thin>\n';
    let names: Buffer = Buffer.alloc(0);
    for (;;) {
      const at = reader.offset;
      const header = yield { take: headerBytes };
      if (header.length === 0) return;
      const size = sizeOf(header);
      if (size === undefined) return this.#malformed(`no valid member header at byte ${at}`);
      const name = header.toString('latin1', 0, 16).trimEnd();
      const isTable = name === '/' || name === '//' || name === '/SYM64/' || name.startsWith('__.SYMDEF');
      if (name === '//' && size <= maxNames) names = Buffer.from(yield { take: size });
      else if (isTable) yield { feed: new Pass(size) };
      else yield* this.#member(memberName(name, names), isThin ? 0 : size);
      if (size % 2 === 1 && (!isThin || isTable)) yield { take: 1 };
    }
  }

  *#member(name: string, size: number): Parser {
    this.#members += 1;
    if (this.#members === 1) this.#isDeb = name === 'debian-binary';
    const child = this.#isDeb && size > 0 ? this.#context.open(name, size) : undefined;
    if (child !== undefined) yield* this.#feed(child, name, size);
    else {
      const headSize = Math.min(size, 64);
      const head = yield { take: headSize };
      this.#count(head);
      if (head.length < headSize) this.#truncated(name);
      else yield* this.#rest(name, size - headSize);
    }
  }

  *#feed(child: Child, name: string, size: number): Parser {
    const pass = new Pass(size, (bytes) => {
      if (!child.done) child.write(bytes);
    });
    yield { feed: pass };
    child.finish();
    if (pass.left > 0) this.#truncated(name);
  }

  *#rest(name: string, size: number): Parser {
    const pass = new Pass(size);
    yield { feed: pass };
    if (pass.left > 0) this.#truncated(name);
  }

  #count(head: Buffer): void {
    if (head.toString('latin1', 0, 4) !== '\x7fELF') return;
    const header = readHeader(head);
    if (typeof header === 'string') return;
    const machine = elfMachine(header.machine);
    const architecture = elfArchitecture({ ...header, machine });
    const key = `${header.machine}/${architecture ?? ''}`;
    const known = this.#machines.get(key);
    if (known !== undefined) known.members += 1;
    else if (this.#machines.size < maxMachines)
      this.#machines.set(key, {
        machine,
        ...(architecture === undefined ? {} : { architecture }),
        members: 1,
      });
  }

  #malformed(message: string): void {
    this.#context.problems.add('malformed', 'ar', message);
  }

  #truncated(name: string): void {
    this.#context.problems.add('truncated', 'ar', `the archive ends inside ${name}`);
  }
}

function sizeOf(header: Buffer): number | undefined {
  if (header.length < headerBytes || header.toString('latin1', 58, 60) !== '`\n') return undefined;
  const text = header.toString('latin1', 48, 58).trimEnd();
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}

/** GNU ends names with a slash and keeps long ones in a table, by offset. */
function memberName(name: string, names: Buffer): string {
  const long = /^\/([0-9]{1,9})$/.exec(name)?.[1];
  if (long === undefined) return name.replace(/\/$/, '');
  const text = names.toString('utf8', Number(long), Number(long) + 4_096);
  return text.split(/\/?\n/, 1)[0] ?? name;
}
