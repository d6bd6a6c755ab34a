import { UsageError } from '../core/index.ts';
import { defaultFailOn, type FailOn, failOnWords } from '../report/index.ts';
import type { ScanOptions } from '../scan/index.ts';
import { type AccessFlags, type AccessSettings, accessSettings } from './access-settings.ts';
import type { ResultFlags } from './base-command.ts';
import { type CatalogSettings, catalogSettings } from './catalog-settings.ts';
import type { Config } from './config.ts';
import { memberOf, pick, present, type ResultSettings, read, resultSettings } from './settings.ts';
import { readChoice, readFailOn, readSize } from './values.ts';

/** The options of `armload scan`, as commander gives them. */
export interface ScanFlags extends ResultFlags, AccessFlags {
  readonly all?: boolean;
  readonly failOn?: readonly string[];
  readonly profile?: readonly string[];
  readonly compareLayers?: boolean;
  readonly deep?: string;
  readonly deepBytes?: string;
  /** False with `--no-catalog`. */
  readonly catalog?: readonly string[] | false;
  readonly observations?: string;
}

/** What a scan is run with: the command line first, then the configuration, then the defaults. */
export interface ScanSettings extends ResultSettings {
  readonly failOn: readonly FailOn[];
  readonly lookup: LookupSettings;
  /** Absent where the catalog is not to be asked. */
  readonly catalog?: CatalogSettings;
}

/** The part that `scan` itself takes. */
export type LookupSettings = AccessSettings &
  Pick<ScanOptions, 'profiles' | 'compareLayers' | 'deep' | 'deepBytes'>;

/** Which images a deep scan reads; the first unless told. */
const deepWords = ['suspect', 'all'] as const;

/**
 * The arguments, with the word of each `--deep` joined to it: commander would take any text that follows for it, and in
 * `--deep nginx:1` the image is an input.
 */
export function separateDeep(args: readonly string[]): readonly string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const known: readonly (string | undefined)[] = deepWords;
  return args.map((arg, index) =>
    arg === '--deep' && index < end && !known.includes(args[index + 1]) ? `--deep=${deepWords[0]}` : arg,
  );
}

/** @throws UsageError naming the option or the member that is wrong. */
export function scanSettings(flags: ScanFlags, config: Config, cwd: string): ScanSettings {
  const { scan = {} } = config.values;
  return {
    ...resultSettings(flags, config),
    failOn: pick(defaultFailOn, [
      read(flags.failOn, (texts) => readFailOn(texts, '--fail-on', failOnWords)),
      read(scan.failOn, (texts) => readFailOn([texts].flat(), memberOf(config, 'scan.failOn'), failOnWords)),
    ]),
    lookup: {
      ...accessSettings(flags, config, { own: scan, cwd }),
      ...present({
        profiles: flags.profile ?? scan.profiles,
        compareLayers: flags.compareLayers ?? scan.compareLayers,
      }),
      ...deepSettings(flags, config),
    },
    ...(flags.catalog === false
      ? {}
      : { catalog: catalogSettings({ ...flags, catalog: flags.catalog ?? [] }, config, cwd) }),
  };
}

function deepSettings(flags: ScanFlags, config: Config): Pick<ScanOptions, 'deep' | 'deepBytes'> {
  const { scan = {} } = config.values;
  const choice = { noun: 'set of images to read', words: deepWords };
  const wanted = [
    read(flags.deep, (text) => readChoice(text, '--deep', choice)),
    read(scan.deep, (text) => readChoice(text, memberOf(config, 'scan.deep'), choice)),
  ];
  const sizes = [
    read(flags.deepBytes, (text) => readSize(text, '--deep-bytes')),
    read(scan.deepBytes, (size) => readSize(String(size), memberOf(config, 'scan.deepBytes'))),
  ];
  const deep = pick(undefined, wanted);
  if (deep !== undefined) return { deep, ...present({ deepBytes: pick(undefined, sizes) }) };
  if (flags.deepBytes === undefined) return {};
  throw new UsageError('USAGE', '--deep-bytes says how much a deep scan may read, and this is none', {
    hint: 'Add --deep.',
  });
}
