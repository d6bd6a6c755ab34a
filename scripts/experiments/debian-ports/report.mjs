// The experiment's results as a page.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { images } from './images.mjs';
import { readRecord } from './work.mjs';

const page = fileURLToPath(new URL('../../../docs/experiments/debian-ports.md', import.meta.url));

/** Writes docs/experiments/debian-ports.md of what is known so far; nothing before the first port. */
export function writeReport(work) {
  const records = images.map((image) => recordOf(work, image)).filter(({ port }) => port !== undefined);
  if (records.length === 0) return;
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, textOf(records));
}

function recordOf(work, image) {
  const record = readRecord(work, 'ports', image.name);
  const original = readRecord(work, 'originals', image.name);
  const control = readRecord(work, 'controls', image.name);
  return {
    image,
    ...record,
    original,
    control,
    controlBuilt: readRecord(work, 'controls-built', image.name),
  };
}

const isPorted = ({ port }) => port.code === 0;
const isRunning = (record) => isPorted(record) && record.checks.every(({ passed }) => passed);
/** Checks that fail where the same image built for arm64 passes them, or wasn't tried. */
const isOwnFault = ({ checks, control }) =>
  checks.some(
    ({ passed, script }) =>
      !passed && control?.checks.find((check) => check.script === script)?.passed !== false,
  );

/** What the checks themselves are worth. */
function originalsText(records) {
  const tried = records.filter(({ original }) => original !== undefined);
  const passing = tried.filter(({ original }) => original.checks.every(({ passed }) => passed));
  if (tried.length === records.length && passing.length === tried.length)
    return 'Every check passes on the amd64 original.';
  return `The checks were tried on ${tried.length} of the amd64 originals, and all pass on ${passing.length}.`;
}

/** Lines of `dpkg --verify` that the original doesn't have, wherever its architecture's name stands in a path. */
function newDifferences({ verify, original }) {
  const known = original.verify.map((line) =>
    line.replaceAll('x86_64', 'aarch64').replaceAll('amd64', 'arm64'),
  );
  return verify.filter((line) => !known.includes(line));
}

function textOf(records) {
  const ported = records.filter(isPorted);
  const running = ported.filter(isRunning);
  const share = (part, whole) => `${part} of ${whole} (${((100 * part) / Math.max(whole, 1)).toFixed(0)} %)`;
  const seconds = ported.map(({ port }) => port.seconds).sort((a, b) => a - b);
  return `# Porting images of Debian packages

${records.length} amd64 images of Debian bookworm and trixie, each with another set of packages, ported by \`armload port\` with no other
help than \`--base\` for those that are built on a base image and \`--no-base\` for those of one layer, unpacked with skopeo and umoci, and tried out under QEMU: services start and
answer, compilers compile and their programs run, interpreters load native modules. ${originalsText(records)} The packages are
the archive's of the day the experiment ran. What is in the images and what is checked: \`scripts/experiments/debian-ports/images.mjs\`.

- Ported: **${share(ported.length, records.length)}**; the goal is 95 %.
- Of those, all checks pass: **${share(running.length, ported.length)}**; the goal is all.${excuse(ported)}
- No x86 ELF file is left in ${share(ported.filter(({ x86 }) => x86.length === 0).length, ported.length)} of those ported, beside data of packages that
  are the same for every architecture.
- \`dpkg --audit\` and \`apt-get check\` have nothing to say that they don't say of the original in ${share(ported.filter(isSound).length, ported.length)}.
- Median time of a port: ${(seconds[Math.floor(seconds.length / 2)] ?? 0).toFixed(1)} s, audit and publishing included; packages that an earlier port fetched come from the cache.

| image | release | layers | packages | replaced | ported | checks that pass | x86 files left | new in \`dpkg --verify\` | seconds | why not |
| --- | --- | --- | ---: | ---: | --- | --- | ---: | ---: | ---: | --- |
${records.map(lineOf).join('\n')}

## Repeat it

As root on an amd64 Debian machine whose kernel starts arm64 programs (package qemu-user-static), with debootstrap, buildah, docker-registry,
skopeo and umoci, about 60 GB of disk and some hours:

\`\`\`sh
npm ci && npm run build
node scripts/experiments/debian-ports/build.mjs --work DIR
node scripts/experiments/debian-ports/run.mjs --work DIR --originals
node scripts/experiments/debian-ports/run.mjs --work DIR
\`\`\`

Both can be interrupted and go on where they were; \`--only NAME\` takes one image. Where a check fails, \`--controls\` of both scripts builds the
same image for arm64 under emulation and tries that: what fails there too is not the port's fault.
`;
}

function excuse(ported) {
  const failing = ported.filter((record) => !isRunning(record));
  const excused = failing.filter((record) => !isOwnFault(record)).map(({ image }) => image.name);
  if (excused.length === 0) return '';
  return ` What fails in ${excused.join(', ')} fails in the same image built for arm64 too: QEMU's emulation can't run it.`;
}

function isSound({ audit, aptCheck, original }) {
  const before = new Set(
    [...(original?.audit ?? []), ...(original?.aptCheck ?? [])].map((line) =>
      line.replaceAll('amd64', 'arm64'),
    ),
  );
  return [...audit, ...aptCheck].every((line) => before.has(line));
}

function lineOf(record) {
  const { image, port } = record;
  const layers = `${image.layered ? 'on a base' : 'one'}${image.slim ? ', slim' : ''}`;
  if (!isPorted(record)) {
    const packages = record.original?.packages ?? '';
    return cells(
      image.name,
      image.release,
      layers,
      packages,
      '',
      'no',
      '',
      '',
      '',
      port.seconds.toFixed(1),
      reasonOf(port),
    );
  }
  const passed = record.checks.filter((check) => check.passed).length;
  return cells(
    image.name,
    image.release,
    layers,
    record.packages,
    port.replaced?.debian ?? '',
    'yes',
    `${passed} of ${record.checks.length}`,
    record.x86.length,
    record.original === undefined ? '' : newDifferences(record).length,
    port.seconds.toFixed(1),
    record.checks
      .filter((check) => !check.passed)
      .map((check) => failureOf(check, record))
      .join('; '),
  );
}

function cells(...texts) {
  return `| ${texts.map((text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function reasonOf({ outcome, why, refusals = [], errors }) {
  const first = refusals[0];
  if (first === undefined) return why ?? errors.trim().split('\n').at(-1);
  const more = refusals.length > 1 ? ` (and ${refusals.length - 1} more)` : '';
  return `${outcome}: ${first.path ?? 'the image'}: ${first.why}${more}`;
}

function failureOf({ script, why, output }, { control }) {
  const same = control?.checks.find((check) => check.script === script);
  const there =
    same === undefined
      ? ''
      : same.passed
        ? '; passes in an image built for arm64'
        : '; fails in an image built for arm64 too';
  return `\`${script.slice(0, 60)}\` ${why}: ${output.trim().split('\n').at(-1)}${there}`;
}
