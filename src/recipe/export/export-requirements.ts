import type { Plan } from '../plan/types.ts';
import { toolsOf } from '../preflight/check-tools.ts';
import { shellRange } from './version-range.ts';
import { displayText, shellText, shellTexts } from './words.ts';

/** A machine of 16 GiB shows a little less, as armload's own preflight allows for. */
const memoryKept = 0.1;

/** The lines that look at all that the plan asks of a machine, before the first step. */
export function requirementLines(plan: Plan): readonly string[] {
  const { os, architecture, emulation, cpus, memory, disk, networkIsolation, images } = plan.requires;
  return [
    ...(os === undefined ? [] : [`require_os ${shellText(os)}`]),
    ...(architecture === undefined
      ? []
      : [`require_architecture ${architecture} ${emulation ? 'yes' : 'no'}`]),
    ...(cpus === undefined ? [] : [`require_amount CPUs "$host__cpus" ${cpus} ${cpus}`]),
    ...(memory === undefined
      ? []
      : [
          `require_amount 'of memory' "$host__memory" ${Math.floor(memory * (1 - memoryKept))} ${shownSize(memory)}`,
        ]),
    ...(disk === undefined
      ? []
      : [`require_amount 'of free disk space' "$(free_bytes)" ${disk} ${shownSize(disk)}`]),
    ...toolsOf(plan).flatMap(toolLines),
    ...(plan.sources.some(({ kind }) => kind === 'archive')
      ? ["require_tool curl '' '' curl --version"]
      : []),
    ...(images ? ['require_engine'] : []),
    ...(networkIsolation ? ['require_isolation'] : []),
    ...Object.entries(plan.secrets).map(
      ([parameter, variable]) =>
        `require_secret ${variable} "$parameters__${parameter.replaceAll('-', '_')}"`,
    ),
    'require_end',
  ];
}

function toolLines({ name, version, command, why }: ReturnType<typeof toolsOf>[number]): readonly string[] {
  const range = version === undefined ? '' : shellRange(version);
  return [
    ...(why === undefined ? [] : [`# ${displayText(why)}`]),
    `require_tool ${shellTexts([name, version ?? '', range, ...command])}`,
  ];
}

/** A recipe says whole MiB. */
function shownSize(bytes: number): string {
  return shellText(`${Math.ceil(bytes / 2 ** 20)} MiB`);
}
