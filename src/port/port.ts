import type { PortResult } from '../results/index.ts';
import { carryOut } from './engine/carry-out.ts';
import { openWorkshop } from './engine/workshop.ts';
import type { PortOptions } from './options.ts';

/**
 * Makes an image for another platform out of the one that is there, and publishes both as one index: the base is swapped for
 * its sibling, neutral files are kept byte for byte, machine code is replaced by its counterparts, and what can't be replaced
 * is refused by name. Nothing is published that the audit of the result doesn't find right.
 * @throws UsageError or InvalidReferenceError for options that can't be used; RegistryError, DocumentError or LayerError
 * where the image can't be read; PublishError; the signal's reason. What an image holds, or what can't be reached for its
 * counterparts, is a refusal.
 */
export async function port(options: PortOptions): Promise<PortResult> {
  const workshop = await openWorkshop(options);
  try {
    return await carryOut(workshop);
  } finally {
    await workshop.close();
  }
}
