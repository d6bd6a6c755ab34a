import { resolve } from 'node:path';
import { UsageError } from '../../../../core/index.ts';
import { parsePlatform } from '../../../../oci/index.ts';
import type { GoAsset } from '../../../options.ts';
import type { Place } from '../../release/names.ts';
import { readNames } from '../../release/names.ts';
import { spelled } from './document.ts';

const hint =
  'Write it like: armload catalog assets add example.com/tool@v1.2.3 linux/arm64=https://releases.example/tool.tar.gz#sha256:HEX!/tool';

/**
 * Reads `MODULE[@VERSION]` and `PLATFORM=ADDRESS#sha256:HEX`, with `!/MEMBER` behind for a file in an archive. Files become
 * whole paths.
 * @throws UsageError `USAGE` naming what is wrong.
 */
export function readAsset(
  program: string,
  { place: text, cwd }: { readonly place: string; readonly cwd: string },
): GoAsset {
  const at = text.indexOf('=');
  const platform = text.slice(0, Math.max(0, at));
  if (at < 0 || parsePlatform(platform) === undefined)
    throw new UsageError('USAGE', `"${text}" does not say for which platform the asset is`, { hint });
  const [named] = readNames([{ path: '/program', from: text.slice(at + 1) }]);
  const sha256 = named?.place.sha256;
  if (named === undefined || sha256 === undefined)
    throw new UsageError('USAGE', `"${text}" has no SHA-256`, { hint });
  return { ...readModule(program), platform: spelled(platform), from: written(named.place, cwd), sha256 };
}

/** `MODULE[@VERSION]`. @throws UsageError `USAGE` */
export function readModule(text: string): Pick<GoAsset, 'module' | 'version'> {
  const [, module, version] = /^([^@\s\p{Cc}]+)(?:@([^@\s\p{Cc}]+))?$/u.exec(text) ?? [];
  if (module === undefined) throw new UsageError('USAGE', `"${text}" is no module of Go`, { hint });
  return { module, ...(version === undefined ? {} : { version }) };
}

function written(place: Place, cwd: string): string {
  const whole = place.kind === 'file' ? resolve(cwd, place.file) : place.url;
  return place.member === undefined ? whole : `${whole}!/${place.member}`;
}
