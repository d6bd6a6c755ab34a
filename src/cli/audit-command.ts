import { type Command, Option } from 'commander';
import { auditFailOnWords, auditOutcomeOf, auditTotalsOf, defaultAuditFailOn } from '../report/index.ts';
import type { AuditResult } from '../results/index.ts';
import { withAccessOptions } from './access-settings.ts';
import { type AuditFlags, type AuditSettings, auditSettings } from './audit-settings.ts';
import { baseCommand, collect, parseArguments, withResultOptions } from './base-command.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { type Progress, startProgress } from './progress.ts';
import { openResultOutput } from './result-output.ts';
import { withRunOptions } from './run-settings.ts';
import { generation } from './version.ts';

/** `armload audit`: prove from the bytes that an image is what its label says. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const parsed = await parseArguments<AuditFlags>(auditCommand(), args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const config = await loadConfig(flags.config, io.cwd);
  const settings = auditSettings(flags, config, io.cwd);
  const output = await openResultOutput(flags, io);
  // Loads the registry room, which --help needs not wait for.
  const { readReferences } = await import('./references.ts');
  const references = await readReferences(operands, io);
  const progress = startProgress(flags, io, config);
  const result = await runAudit(references, { settings, progress, io });
  const { failOn, format } = settings;
  await output.write({
    text: format.renderAudit(result, { ...output.drawing, failOn }),
    totals: auditTotalsOf(result, failOn),
  });
  return auditOutcomeOf(result, failOn).code;
}

function auditCommand(): Command {
  const command = baseCommand('audit', [
    'armload audit nginx:1.27 ghcr.io/acme/app@sha256:…',
    'armload audit oci:./layout:v1 --all-platforms',
    'armload audit acme/app:2 --command /app/server --args \'["--port", "80"]\'',
    "armload audit acme/app:2 --run-command 'server --version'",
    'armload audit - --format markdown --output audit.md --fail-on warning,mislabelled < images.txt',
  ])
    .description(
      'Reads the layers of images and proves that what they start, and what that uses, is machine code of the platform that their labels name.',
    )
    .argument('[references...]', 'image references, also oci:DIR and archives, or - for a list on stdin');
  withResultOptions(command)
    .addOption(
      new Option(
        '--all-platforms',
        'audit every platform of an index, each for what the index calls it',
      ).conflicts('platform'),
    )
    .option('-a, --all', 'list notes too')
    .option(
      '--fail-on <words>',
      `what gives exit code 1: a severity and worse ones, or a verdict: ${auditFailOnWords.join(', ')}, or none (default: ${defaultAuditFailOn.join(',')})`,
      collect,
    )
    .option(
      '--max-bytes <size>',
      'read at most so much of layers in all, such as 500MB; the rest is unknown',
    );
  return withAccessOptions(
    withRunOptions(
      withStartOptions(command),
      'run what was audited too; a run that fails gives exit code 1 whatever --fail-on says',
    ),
  );
}

function withStartOptions(command: Command): Command {
  return command
    .option(
      '--command <word>',
      "what Kubernetes starts in the entrypoint's place: a word, repeated for more, or a JSON array",
      collect,
    )
    .option(
      '--args <word>',
      "what Kubernetes gives it in the command's place, written the same way",
      collect,
    );
}

interface Running {
  readonly settings: AuditSettings;
  readonly progress: Progress;
  readonly io: Io;
}

async function runAudit(
  references: readonly string[],
  { settings, progress, io }: Running,
): Promise<AuditResult> {
  const { audit } = await import('../audit/index.ts');
  try {
    const result = await audit({
      ...settings.audit,
      platform: settings.platform,
      references,
      cwd: io.cwd,
      environment: io.environment,
      generation,
      onEvent: progress.sink,
      signal: io.signal,
    });
    // What an interrupted audit calls unknown is no verdict.
    io.signal.throwIfAborted();
    return result;
  } finally {
    progress.stop();
  }
}
