import type { Io } from './io.ts';

/** A command as it is loaded when somebody calls it. */
export interface CommandModule {
  /** Resolves to the exit code; throws UsageError and what the rooms throw. */
  run(args: readonly string[], io: Io): Promise<number>;
}

/** A command in the list: all that the overview needs, without loading its code. */
export interface CommandEntry {
  readonly name: string;
  readonly operands: string;
  readonly summary: string;
  load(): Promise<CommandModule>;
}

/** Every command, one entry each. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'scan',
    operands: '[PATH | REFERENCE | -]...',
    summary: 'what of this fleet runs on the target platform',
    load: () => import('./scan-command.ts'),
  },
  {
    name: 'audit',
    operands: 'REFERENCE...',
    summary: 'prove from the bytes that an image is what its label says',
    load: () => import('./audit-command.ts'),
  },
  {
    name: 'port',
    operands: 'REFERENCE --to DESTINATION',
    summary: "make the missing platform's image out of the one that is there",
    load: () => import('./port-command.ts'),
  },
  {
    name: 'publish',
    operands: 'DESTINATION SOURCE...',
    summary: 'join images into one index, and publish it',
    load: () => import('./publish-command.ts'),
  },
  {
    name: 'registry',
    operands: 'DIR',
    summary: 'serves a directory as a registry',
    load: () => import('./registry-command.ts'),
  },
  {
    name: 'demo',
    operands: '',
    summary: 'the whole tour on an embedded registry: no network, no daemon',
    load: () => import('./demo-command.ts'),
  },
];
