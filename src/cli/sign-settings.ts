import type { Command } from 'commander';
import { UsageError } from '../core/index.ts';
import type { SignSettings } from '../publish/index.ts';
import type { Io } from './io.ts';
import { checkReadable } from './port-files.ts';
import { present } from './settings.ts';

/** Who signs, as commander gives it. */
export interface SignFlags {
  readonly signKey?: string;
  readonly signKeyless?: boolean;
}

/** `what` is signed, for the help. */
export function withSignOptions(command: Command, what: string): Command {
  return command
    .option(
      '--sign-key <file>',
      `sign ${what} with this private key; its passphrase is taken from $ARMLOAD_SIGN_PASSPHRASE or $COSIGN_PASSWORD`,
    )
    .option('--sign-keyless', `sign ${what} with the identity that the CI system vouches for`);
}

/**
 * The passphrase comes from the environment, for command lines are seen by everybody.
 * @throws UsageError for a key that can't be read, or both ways at once.
 */
export async function signSettings(
  { signKey, signKeyless }: SignFlags,
  { cwd, environment }: Pick<Io, 'cwd' | 'environment'>,
): Promise<SignSettings | undefined> {
  if (signKey !== undefined && signKeyless === true)
    throw new UsageError('USAGE', '--sign-key and --sign-keyless contradict each other');
  if (signKeyless === true) return { kind: 'keyless' };
  if (signKey === undefined) return undefined;
  const file = await checkReadable(signKey, { directory: cwd, origin: '--sign-key' });
  const passphrase = environment['ARMLOAD_SIGN_PASSPHRASE'] ?? environment['COSIGN_PASSWORD'];
  return { kind: 'key', file, ...present({ passphrase }) };
}
