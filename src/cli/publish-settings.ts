import { UsageError } from '../core/index.ts';
import type { NamedSource, PublishOptions } from '../publish/index.ts';
import { type AccessFlags, type AccessSettings, accessSettings } from './access-settings.ts';
import type { ResultFlags } from './base-command.ts';
import type { Config } from './config.ts';
import { present, type ResultSettings, read, resultSettings } from './settings.ts';
import type { SignFlags } from './sign-settings.ts';
import { readChoice, readPlatform } from './values.ts';

/** The options of `armload publish`, as commander gives them. */
export interface PublishFlags extends ResultFlags, AccessFlags, SignFlags {
  readonly all?: boolean;
  readonly append?: boolean;
  readonly replace?: boolean;
  readonly indexType?: string;
  /** False with `--no-referrers`. */
  readonly referrers: boolean;
  /** False with `--no-audit`. */
  readonly audit: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/** What is published and how: the command line first, then the configuration, then the defaults. */
export interface PublishCommandSettings extends ResultSettings {
  readonly access: AccessSettings;
  /** The part that `publish` itself takes. */
  readonly publish: Pick<
    PublishOptions,
    'destination' | 'sources' | 'append' | 'replace' | 'indexType' | 'referrers' | 'force' | 'dryRun'
  >;
  readonly audit: boolean;
}

const indexTypes = ['oci', 'docker'] as const;

/** @throws UsageError naming the operand, option or member that is wrong. */
export function publishSettings(
  { flags, operands }: { readonly flags: PublishFlags; readonly operands: readonly string[] },
  config: Config,
  cwd: string,
): PublishCommandSettings {
  const [destination, ...sources] = operands;
  if (destination === undefined || sources.length === 0)
    throw new UsageError('USAGE', 'armload publish needs a destination and at least one source', {
      hint: 'Write it like: armload publish registry.example/app:1 docker.io/acme/app:1 oci:./port:1',
    });
  return {
    ...resultSettings(flags, config),
    access: accessSettings(flags, config, { cwd }),
    publish: {
      destination,
      sources: sources.map(readSource),
      referrers: flags.referrers,
      ...present({
        append: flags.append,
        replace: flags.replace,
        indexType: read(flags.indexType, (text) =>
          readChoice(text, '--index-type', { noun: 'type of index', words: indexTypes }),
        ),
        force: flags.force,
        dryRun: flags.dryRun,
      }),
    },
    audit: flags.audit,
  };
}

/**
 * Reads `SOURCE` or `PLATFORM=SOURCE`. No location has a `=` before its first `:`, for a registry reference has none at
 * all and the others begin with their transport.
 * @throws UsageError `USAGE`
 */
export function readSource(text: string): NamedSource {
  const [, before, reference = ''] = /^([^:=]*)=(.*)$/s.exec(text) ?? [];
  if (before === undefined) return { reference: text };
  const platform = readPlatform(before, 'the platform');
  if (reference === '') throw new UsageError('USAGE', `"${text}" names no source after the platform`);
  return { reference, platform };
}
