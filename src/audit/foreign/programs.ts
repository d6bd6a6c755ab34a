import type { LayerEntry, ViewEntry } from '../../layer/index.ts';
import { runsNatively } from '../native.ts';
import { defaultPath, searchPath } from '../search-path.ts';
import type { Subject } from '../types.ts';
import { isLinkInput } from './link-input.ts';
import { wordsOf } from './platform-words.ts';
import { ownCode } from './survey.ts';
import type { PathProgram } from './types.ts';

/** Started by absolute path, whatever the PATH says: by system(3) and in most scripts' first line. */
const absolute = ['/bin/sh', '/usr/bin/env'];
/** Directories of a PATH that are looked at: a config has room for a million. */
const maxDirectories = 1_000;

export interface Programs {
  /** By path. */
  readonly foreign: ReadonlyMap<string, readonly PathProgram[]>;
  /** Native programs on the PATH, each once, in the order of the search. */
  readonly native: readonly ViewEntry[];
}

interface Command {
  readonly name: string;
  readonly foundAt: string;
  readonly directory: number;
  readonly file: ViewEntry;
  readonly isNative: boolean;
}

/** Every name on the PATH that leads to native code or to one of the foreign files, links followed. */
export function programsOn(subject: Subject, foreign: ReadonlySet<LayerEntry>): Programs {
  const commands = directoriesOf(subject).flatMap((directory, index) =>
    commandsIn(subject, directory, index, foreign),
  );
  const shadows = shadowsOf(commands);
  const programs = new Map<string, PathProgram[]>();
  for (const command of commands) {
    if (!foreign.has(command.file.entry)) continue;
    const before = shadows(command);
    const found = programs.get(command.file.path) ?? [];
    if (found.length === 0) programs.set(command.file.path, found);
    found.push({
      command: command.name,
      foundAt: command.foundAt,
      ...(before === undefined ? {} : { before }),
    });
  }
  const native = new Map(commands.filter(({ isNative }) => isNative).map(({ file }) => [file.entry, file]));
  return { foreign: programs, native: [...native.values()] };
}

/** The directories of the PATH, then those of the default one; each once, however it is spelled. */
function directoriesOf({
  run,
  view,
}: Subject): readonly { readonly spelled: string; readonly path: string }[] {
  const written = [...searchPath(run).split(':', maxDirectories), ...defaultPath.split(':')];
  const home = run.workingDirectory.startsWith('/') ? run.workingDirectory : `/${run.workingDirectory}`;
  const spellings = new Set(written.map((part) => (part.startsWith('/') ? part : `${home}/${part}`)));
  const found = new Map<string, string>();
  for (const spelled of spellings) {
    const resolved = view.resolve(spelled);
    if (!resolved.found || resolved.entry.entry.kind !== 'directory') continue;
    if (!found.has(resolved.entry.path)) found.set(resolved.entry.path, spelled);
  }
  return [...found].map(([path, spelled]) => ({ path, spelled: spelled.replace(/\/$/, '') }));
}

function commandsIn(
  subject: Subject,
  { spelled, path }: { readonly spelled: string; readonly path: string },
  directory: number,
  foreign: ReadonlySet<LayerEntry>,
): Command[] {
  return subject.view.list(path).flatMap((item): Command[] => {
    const file = fileBehind(subject, item);
    if (file === undefined || (file.entry.mode & 0o111) === 0) return [];
    const isNative = isNativeProgram(subject, file);
    if (!isNative && !foreign.has(file.entry)) return [];
    const name = item.path.slice(item.path.lastIndexOf('/') + 1);
    return [{ name, foundAt: `${spelled}/${name}`, directory, file, isNative }];
  });
}

function fileBehind({ view }: Subject, item: ViewEntry): ViewEntry | undefined {
  if (item.entry.kind === 'file') return item;
  if (item.entry.kind !== 'symlink') return undefined;
  const resolved = view.resolve(item.path);
  return resolved.found && resolved.entry.entry.kind === 'file' ? resolved.entry : undefined;
}

function isNativeProgram({ platform }: Subject, { entry: { facts } }: ViewEntry): boolean {
  if (facts === undefined || isLinkInput(facts)) return false;
  return ownCode(facts).some((code) => code.offset === 0 && runsNatively(code, platform));
}

/** What comes before a foreign program: a native one of its name in an earlier directory, or one that is its twin. */
function shadowsOf(commands: readonly Command[]): (command: Command) => string | undefined {
  const first = new Map<string, Command>();
  const twins = new Map<string, Command>();
  for (const command of commands) {
    if (!command.isNative) continue;
    if (!first.has(command.name)) first.set(command.name, command);
    for (const key of twinKeys(command.name)) if (!twins.has(key)) twins.set(key, command);
  }
  return ({ name, foundAt, directory }) => {
    if (absolute.includes(foundAt)) return undefined;
    const earlier = first.get(name);
    if (earlier !== undefined && earlier.directory < directory) return earlier.foundAt;
    const [key] = isCrossTool(name) ? [] : twinKeys(name);
    if (key === undefined) return undefined;
    // Or the plain name: `gosu-amd64` is what a download left beside `gosu`.
    return (twins.get(key) ?? first.get(plainName(key)))?.foundAt;
  };
}

function twinKeys(name: string): readonly string[] {
  const { key, names } = wordsOf(name);
  return names.length === 0 ? [] : [key];
}

function plainName(key: string): string {
  return key.replace(/[-_.]?\0[a-z]*/g, '').replace(/^[-_.]/, '');
}

/** `x86_64-linux-gnu-gcc`: the name says what it builds for, so the platform's own gcc doesn't stand for it. */
function isCrossTool(name: string): boolean {
  const [first] = wordsOf(name).names;
  return first !== undefined && name.startsWith(first.text) && first.text.includes('-linux');
}
