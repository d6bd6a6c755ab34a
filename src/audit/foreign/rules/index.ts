import type { Rule } from '../types.ts';
import { archived } from './archived.ts';
import { crossToolchain } from './cross-toolchain.ts';
import { deviceCode } from './device-code.ts';
import { embedded } from './embedded.ts';
import { firmware } from './firmware.ts';
import { languageModule } from './language-module.ts';
import { linkInput } from './link-input.ts';
import { multiarch } from './multiarch.ts';
import { namedForTarget } from './named-for-target.ts';
import { needed } from './needed.ts';
import { noMachine } from './no-machine.ts';
import { otherSystem } from './other-system.ts';
import { pathProgram } from './path-program.ts';
import { portableCode } from './portable-code.ts';
import { testData } from './test-data.ts';
import { twin } from './twin.ts';
import { used } from './used.ts';
import { userland } from './userland.ts';

/** The first that answers wins: what is seen in use, what can't be used, what has a native twin, what may be used. */
export const rules: readonly Rule[] = [
  used,
  pathProgram,
  noMachine,
  deviceCode,
  embedded,
  otherSystem,
  firmware,
  linkInput,
  crossToolchain,
  testData,
  namedForTarget,
  needed,
  twin,
  userland,
  portableCode,
  archived,
  multiarch,
  languageModule,
];
