import type { MergedView } from '../../../../layer/index.ts';
import { textIn } from './text.ts';

const apkDatabases = ['lib/apk/db/installed', 'usr/lib/apk/db/installed'];
/** What a distribution's packagers write into INSTALLER (Recording installed projects, "The INSTALLER file"). */
const packagers: ReadonlySet<string> = new Set(['rpm', 'debian', 'apk', 'portage', 'nix']);

/** A test for dist-info folders of packages of the system, which its own manager answers for. */
export function ofOtherManagers(view: MergedView): (info: string) => boolean {
  const folders = new Set(apkDatabases.flatMap((path) => foldersIn(textIn(view, path) ?? '')));
  return (info) => {
    const installer = textIn(view, `${info}/INSTALLER`)?.trim().toLowerCase();
    return folders.has(info) || (installer !== undefined && packagers.has(installer));
  };
}

/** apk lists the folders of its packages in lines `F:PATH`. */
function foldersIn(database: string): readonly string[] {
  return database.split('\n').flatMap((line) => (/^F:.*\.dist-info$/.test(line) ? [line.slice(2)] : []));
}
