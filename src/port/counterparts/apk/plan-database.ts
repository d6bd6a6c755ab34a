import { imageFile } from '../debian/image-text.ts';
import type { FileParts } from '../shared/replay/file-parts.ts';
import type { ApkDatabase, ApkPackage } from './database.ts';
import { newRecord } from './new-record.ts';
import { bytesOfRecords } from './records.ts';
import { type ApkStanding, type ApkState, replaceFile } from './replace-file.ts';
import { planScripts } from './scripts.ts';
import { planTriggers } from './triggers.ts';

/** Rewrites apk's database for the new architecture's packages, where it's above the base. */
export async function planDatabase(parts: FileParts, state: ApkState, database: ApkDatabase): Promise<void> {
  planInstalled(parts, state, database);
  await planScripts(parts, state, database.folder);
  planTriggers(parts, state, database.folder);
  planArchitecture(parts);
}

function planInstalled(parts: FileParts, state: ApkState, database: ApkDatabase): void {
  const gone = new Set([...state.standings].flatMap(([one, { kind }]) => (kind === 'gone' ? [one] : [])));
  const records = [...state.standings].flatMap(([installed, standing]) => {
    const record = recordOf(installed, standing, isOthersIn(parts, { installed, database, gone }));
    return record === undefined ? [] : [record];
  });
  const added = state.extra.map((stored) => newRecord(stored, undefined, () => false));
  const all = [...records, ...state.ofBase.map(({ record }) => record.lines), ...added];
  const why = "apk's record of the packages of the new image";
  replaceFile(parts, `${database.folder}/installed`, bytesOfRecords(all), why);
}

/** `undefined` where the new image has no such package. */
function recordOf(
  installed: ApkPackage,
  standing: ApkStanding,
  isOthers: (path: string) => boolean,
): readonly string[] | undefined {
  if (standing.kind === 'replayed') return newRecord(standing.by.stored, installed, isOthers);
  if (standing.kind === 'base') return standing.sibling.record.lines;
  return standing.kind === 'gone' ? undefined : installed.record.lines;
}

/** Tells files of a package that another one has taken over (`r:`, "replaces"). */
function isOthersIn(
  { places, draft }: FileParts,
  {
    installed,
    database,
    gone,
  }: {
    readonly installed: ApkPackage;
    readonly database: ApkDatabase;
    readonly gone: ReadonlySet<ApkPackage>;
  },
): (path: string) => boolean {
  return (path) => {
    const place = places.at(path);
    const owners = database.ownersOf(place).filter((one) => !gone.has(one));
    if (owners.length === 0 || owners.includes(installed)) return false;
    return draft.image.view.lookup(place)?.entry.kind !== 'directory';
  };
}

/** apk's own architecture. */
function planArchitecture(parts: FileParts): void {
  const path = 'etc/apk/arch';
  const file = imageFile(parts.draft.image.view, path);
  if (file.kind !== 'read' || Buffer.from(file.bytes).toString('latin1').trim() !== parts.names.source)
    return;
  replaceFile(parts, path, Buffer.from(`${parts.names.target}\n`), "apk's own architecture");
}
