import { respelledFiles } from '../../shared/replay/unowned/special-files.ts';
import { debianFiles } from '../debian-files.ts';
import { tableFiles } from './database/tables.ts';
import { triggerFiles } from './database/triggers.ts';
import { filterFiles } from './files/path-filters.ts';

/** Files of an image that a replay reads by content, as patterns for the layer reader's `wanted`. */
export const replayFiles: readonly string[] = [
  ...new Set([
    ...debianFiles,
    ...filterFiles,
    ...respelledFiles,
    ...tableFiles,
    ...triggerFiles,
    'etc/os-release',
    'usr/lib/os-release',
    'var/lib/dpkg/updates/*',
  ]),
];
