import type { ImageAudit } from '../../results/index.ts';
import type { Refusal } from '../origin-types.ts';
import type { BeforeAndAfter } from './broken-references.ts';

/** Databases from above the base that list the old architecture's packages, and hide the new base's own. */
export function databaseRefusals(audit: ImageAudit, images: BeforeAndAfter): readonly Refusal[] {
  return [...listedRefusals(audit, images), ...rpmRefusals(images)];
}

/** dpkg's and apk's, as the audit read them. */
function listedRefusals(
  { findings }: ImageAudit,
  { view, newBaseLayers }: BeforeAndAfter,
): readonly Refusal[] {
  return findings.flatMap(({ kind, path = '', found }) => {
    const file = path.replace(/^\//, '');
    const isOwn = (view.lookup(file)?.contentLayer ?? -1) >= newBaseLayers;
    if (kind !== 'package-database' || !isOwn) return [];
    return [
      {
        path: file,
        kind: 'package' as const,
        why: `it lists ${found}, and takes the place of the new base's`,
        lift: `Nothing took the place of all of them: build the image for the new architecture, or waive it with a reason: --waive /${file}=REASON.`,
        waivable: true,
      },
    ];
  });
}

const rpmDatabase = /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm)\/(?:rpmdb\.sqlite|Packages(?:\.db)?)$/;

/** RPM's database, where layers above the base changed it and nothing rewrote it for the new architecture. */
function rpmRefusals({ source, baseLayers, view, newBaseLayers }: BeforeAndAfter): readonly Refusal[] {
  return ['var/lib/rpm', 'usr/lib/sysimage/rpm'].flatMap((folder) =>
    view.list(folder).flatMap(({ path, entry, layer }) => {
      const before = source.lookup(path);
      const isKept = layer >= newBaseLayers && before?.entry.sha256 === entry.sha256;
      if (!rpmDatabase.test(path) || !isKept || (before?.layer ?? 0) < baseLayers) return [];
      return [
        {
          path,
          kind: 'package' as const,
          why: "RPM's database was changed above the base: it lists packages of the old architecture, and takes the place of the new base's",
          lift: `Nothing rewrote it: build the image for the new architecture, or waive it with a reason: --waive /${path}=REASON.`,
          waivable: true,
        },
      ];
    }),
  );
}
