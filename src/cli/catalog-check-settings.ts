import { UsageError } from '../core/index.ts';
import type { CheckOptions } from '../observe/index.ts';
import { type AccessFlags, type AccessSettings, accessSettings } from './access-settings.ts';
import type { ResultFlags } from './base-command.ts';
import { type CatalogFlags, type CatalogSettings, catalogSettings } from './catalog-settings.ts';
import type { Config } from './config.ts';
import { present, type ResultSettings, read, resultSettings } from './settings.ts';
import { readAge, readCount, readSize } from './values.ts';

/** The options of `armload catalog check`, as commander gives them. */
export interface CatalogCheckFlags extends ResultFlags, AccessFlags, CatalogFlags {
  readonly all?: boolean;
  readonly audit?: boolean;
  readonly maxBytes?: string;
  readonly compareLayers?: boolean;
  readonly dryRun?: boolean;
  readonly tag?: readonly string[];
  readonly allTags?: string;
  readonly olderThan?: string;
  readonly region?: string;
}

/** What a check is run with. */
export interface CatalogCheckSettings extends ResultSettings {
  readonly access: AccessSettings;
  readonly check: Pick<CheckOptions, 'compareLayers' | 'tags' | 'newest' | 'olderThan' | 'region'>;
  /** How the bytes are read; absent where they aren't. */
  readonly audit?: { readonly maxBytes?: number };
  readonly record: boolean;
  readonly catalog: CatalogSettings;
}

/** @throws UsageError naming the option that is wrong. */
export function catalogCheckSettings(
  flags: CatalogCheckFlags,
  config: Config,
  cwd: string,
): CatalogCheckSettings {
  const access = accessSettings(flags, config, { cwd });
  if (access.offline === true) {
    throw new UsageError('USAGE', 'a check asks registries, and offline none is asked', {
      hint: 'Leave --offline out; armload catalog show tells what is known.',
    });
  }
  const maxBytes = read(flags.maxBytes, (text) => readSize(text, '--max-bytes'));
  if (maxBytes !== undefined && flags.audit !== true) {
    throw new UsageError('USAGE', '--max-bytes says how much an audit may read, and this is none', {
      hint: 'Add --audit.',
    });
  }
  return {
    ...resultSettings(flags, config),
    access,
    check: present({
      compareLayers: flags.compareLayers,
      tags: read(flags.tag, (tags) => tags.map(readTag)),
      newest: read(flags.allTags, (text) => readCount(text, '--all-tags')),
      olderThan: read(flags.olderThan, (text) => readAge(text, '--older-than')),
      region: read(flags.region, readRegion),
    }),
    ...present({ audit: flags.audit === true ? present({ maxBytes }) : undefined }),
    record: flags.dryRun !== true,
    catalog: catalogSettings(flags, config, cwd),
  };
}

function readTag(text: string): string {
  if (/^\w[\w.-]{0,127}$/.test(text)) return text;
  throw new UsageError('USAGE', `--tag "${text}" is not a tag`, { hint: 'Write it like --tag v1.2.3.' });
}

function readRegion(text: string): string {
  if (/^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/.test(text)) return text;
  throw new UsageError('USAGE', `--region "${text}" is not a region`, {
    hint: 'Write it like --region us-east-1.',
  });
}
