import type { Command } from 'commander';
import { UsageError } from '../core/index.ts';
import type { SignSettings } from '../publish/index.ts';
import { publishOutcomeOf, publishTotalsOf } from '../report/index.ts';
import type { PublishResult } from '../results/index.ts';
import { withAccessOptions } from './access-settings.ts';
import { baseCommand, parseArguments, withResultOptions } from './base-command.ts';
import { loadConfig } from './config.ts';
import { reportFailure } from './failure.ts';
import type { Io } from './io.ts';
import { type Progress, startProgress } from './progress.ts';
import { type PublishCommandSettings, type PublishFlags, publishSettings } from './publish-settings.ts';
import { openResultOutput } from './result-output.ts';
import { signSettings, withSignOptions } from './sign-settings.ts';
import { generation } from './version.ts';

const refusedCode = 1;

/** `armload publish`: joins images into one index, and publishes it. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const parsed = await parseArguments<PublishFlags>(publishCommand(), args, io);
  if (parsed === undefined) return 0;
  const { flags } = parsed;
  const config = await loadConfig(flags.config, io.cwd);
  const settings = publishSettings(parsed, config, io.cwd);
  const sign = await signSettings(flags, io);
  const output = await openResultOutput(flags, io);
  const progress = startProgress(flags, io, config);
  const ending = await runPublish({ settings, sign, progress, io });
  if ('moved' in ending) {
    await reportFailure(ending.moved, { io, verbose: flags.verbose ?? false });
    return refusedCode;
  }
  await output.write({
    text: settings.format.renderPublish(ending.result, output.drawing),
    totals: publishTotalsOf(ending.result),
  });
  return publishOutcomeOf(ending.result).code;
}

function publishCommand(): Command {
  const command = baseCommand('publish', [
    'armload publish registry.example/app:1 docker.io/acme/app:1 oci:./port:1',
    'armload publish registry.example/app:1 linux/amd64=docker.io/acme/app:1 linux/arm64=oci-archive:port.tar',
    'armload publish --append docker.io/acme/app:1 oci:./port:1 --dry-run',
    'armload publish oci-archive:app.tar docker.io/acme/app:1 oci:./port:1',
  ])
    .description(
      'Joins images into one multi-platform index and publishes it. Images keep their digests; what is there already is not sent again; the tag moves last, when all else has been read back, and only if nobody moved it meanwhile.',
    )
    .argument(
      '[destination]',
      'host/repository:tag, oci:DIR:TAG, or oci-archive:FILE[:TAG], which is replaced',
    )
    .argument(
      '[sources...]',
      'images and indexes of any transport; PLATFORM=SOURCE takes only that platform of an index, or says what one image is for',
    );
  withResultOptions(command, { platform: false })
    .option('-a, --all', 'list every blob')
    .option(
      '--append',
      'keep what the index that is there has for platforms that no source has (default: it holds the sources only)',
    )
    .option(
      '--replace',
      'where two sources have an image for one platform, take that of the later one (default: an error)',
    )
    .option(
      '--index-type <type>',
      "the index's own media type: oci or docker (default: oci, unless all that it lists is Docker's)",
    )
    .option('--no-referrers', 'leave out signatures, SBOMs and whatever else refers to the images')
    .option('--no-audit', 'publish images without proof that they are what they say; the result records it')
    .option('--force', 'move the tag even if somebody moved it meanwhile')
    .option('--dry-run', 'write nothing: show what would be pushed');
  withSignOptions(command, 'the index and its images');
  return withAccessOptions(command);
}

interface Running {
  readonly settings: PublishCommandSettings;
  readonly sign: SignSettings | undefined;
  readonly progress: Progress;
  readonly io: Io;
}

type Ending = { readonly result: PublishResult } | { readonly moved: unknown };

async function runPublish({ settings, sign, progress, io }: Running): Promise<Ending> {
  const { publish, PublishError } = await import('../publish/index.ts');
  const around = {
    ...settings.access,
    environment: io.environment,
    onEvent: progress.sink,
    signal: io.signal,
  };
  const { openPublishAudit } = await import('./publish-audit.ts');
  const audit = settings.audit ? await openPublishAudit({ ...around, generation }) : undefined;
  try {
    const inspect = audit === undefined ? {} : { inspect: audit.inspect };
    const signing = sign === undefined ? {} : { sign };
    return { result: await publish({ ...around, ...settings.publish, ...inspect, ...signing, cwd: io.cwd }) };
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    if (error.code === 'PUBLISH_TAG_MOVED') return { moved: error };
    if (error.code !== 'PUBLISH_PLATFORM_TWICE') throw error;
    throw new UsageError('USAGE', error.message, { hint: error.hint, cause: error });
  } finally {
    progress.stop();
    await audit?.close();
  }
}
