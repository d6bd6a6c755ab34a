import { isLinkInput } from '../link-input.ts';
import { type ForeignFile, type Judgement, nameOf } from '../types.ts';
import { isProgram } from './program.ts';

/** What compilers, linkers and debuggers read, and no loader takes. */
export function linkInput(file: ForeignFile): Judgement | undefined {
  const { facts, code } = file;
  if (code.offset > 0) return undefined;
  if (isLinkInput(facts))
    return inert('It is input for a linker or a debugger: no kernel starts it, and no loader takes it.');
  if (isDebugPath(file) && !isProgram(file))
    return inert('It lies where symbols for debuggers are: no loader looks there.');
  if (file.words.components.some((component) => component.endsWith('.jmod!')))
    return inert('It is in a module that jlink builds Java runtimes from: no Java runtime loads from there.');
  return undefined;
}

function isDebugPath(file: ForeignFile): boolean {
  const { components } = file.words;
  return (
    file.entry.path.startsWith('usr/lib/debug/') ||
    components.includes('.build-id') ||
    nameOf(file).endsWith('.debug')
  );
}

function inert(because: string): Judgement {
  return { verdict: 'inert', role: 'link-input', because };
}
