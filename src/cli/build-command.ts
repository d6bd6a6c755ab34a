import type { CommandModule } from './command-types.ts';
import type { Io } from './io.ts';

/** What `armload build` does besides building, each loaded when it's called. A product of such a name is named by its file. */
const subcommands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  resume: () => import('./build-resume.ts'),
  list: () => import('./build-list.ts'),
  show: () => import('./build-show.ts'),
  logs: () => import('./build-logs.ts'),
  clean: () => import('./build-clean.ts'),
  export: () => import('./build-export.ts'),
};

/** `armload build`: runs a recipe, or looks after runs. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [first = '', ...rest] = args;
  if (!Object.hasOwn(subcommands, first)) return (await import('./build-start.ts')).run(args, io);
  const module = await subcommands[first]?.();
  return module === undefined ? 3 : module.run(rest, io);
}
