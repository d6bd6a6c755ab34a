import { keySigner } from './key/key-signer.ts';
import { identityOf } from './keyless/identity.ts';
import { keylessSigner } from './keyless/keyless-signer.ts';
import type { Environment, Signer, SignSettings } from './types.ts';

/**
 * Reads and unlocks the key, or finds the identity's provider. Asks no service.
 * @throws UsageError `CONFIG` with what is wrong and what helps; never with a secret.
 */
export async function openSigner(settings: SignSettings, environment: Environment): Promise<Signer> {
  if (settings.kind === 'key') return keySigner(settings);
  return keylessSigner(settings, identityOf(environment));
}

/**
 * Can we sign with these settings? To be asked before long work, so that a mistyped passphrase costs seconds. Gives who
 * would sign, for people.
 * @throws UsageError `CONFIG` with what is wrong and what helps; never with a secret.
 */
export async function checkSignSettings(
  settings: SignSettings,
  environment: Environment,
): Promise<{ readonly who: string }> {
  const { who } = await openSigner(settings, environment);
  return { who };
}
