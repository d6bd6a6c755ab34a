import type { OriginPlan } from '../../../origin-types.ts';
import { Draft } from '../../shared/replay/draft.ts';
import { NewPlaces } from '../../shared/replay/new-places.ts';
import { planPackageFiles } from '../../shared/replay/plan-package-files.ts';
import { spellingOf } from '../../shared/replay/spelling.ts';
import { standings } from '../../shared/replay/standings.ts';
import type { StoredPackage } from '../store/index.ts';
import { planDistroless } from './database/distroless.ts';
import { planInfoFiles } from './database/info-files.ts';
import { type DatabaseParts, planStatus, statusPath } from './database/status.ts';
import { planAlternativeLinks, planAlternatives, planTables } from './database/tables.ts';
import { planTriggers } from './database/triggers.ts';
import { leftOutByDpkg } from './files/path-filters.ts';
import { withImpliedLists } from './implied-lists.ts';
import { debianArchitecture } from './names.ts';
import type { ReplayedPackage, ReplayInput } from './types.ts';

/**
 * Plans how an image's packages become those of another architecture, by files alone: no script of a package is run.
 * @throws the signal's reason, and what `originalOf` throws.
 */
export async function planReplay(given: ReplayInput): Promise<Omit<OriginPlan, 'materials'>> {
  const input = withImpliedLists(given);
  const { image, database } = input;
  const names = { source: debianArchitecture(image.source), target: debianArchitecture(image.target) };
  const spelling = spellingOf(image);
  const draft = new Draft(image, input.taken, spelling);
  const places = new NewPlaces(image.view, database.diversions, spelling);
  const parts: DatabaseParts = { draft, input, names, places, standings: standings(input, names) };
  return planPackageFiles(
    { ...parts, recordPath: statusPath },
    {
      extra: (input.extra ?? []).map(asInstalled),
      isLeftOut: leftOutByDpkg(image.view),
      planPackaged: () => planAlternativeLinks(parts),
      planDatabase: () => planDatabase(parts),
    },
  );
}

/** A package that the image lacks has no files in it. */
function asInstalled(stored: StoredPackage): ReplayedPackage {
  const { name, version, architecture, paragraph } = stored.control;
  return {
    stored,
    match: 'same',
    installed: {
      ...{ name, version, architecture, paragraph, recordedIn: statusPath },
      ...{ source: { name, version }, multiArch: 'no', essential: false },
      ...{ want: 'install', flag: 'ok', state: 'installed' },
      ...{ conffiles: [], files: [], triggers: [], infoFiles: new Map() },
    },
  };
}

function planDatabase(parts: DatabaseParts): void {
  planStatus(parts);
  planInfoFiles(parts);
  planDistroless(parts);
  planTriggers(parts);
  planAlternatives(parts);
  planTables(parts);
}
