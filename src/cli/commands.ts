import type { CommandEntry } from './command-types.ts';

/** Every command, one entry each. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'scan',
    operands: '[PATH | REFERENCE | -]...',
    summary: 'what of this fleet runs on the target platform',
    load: () => import('./scan-command.ts'),
  },
  {
    name: 'audit',
    operands: 'REFERENCE...',
    summary: 'prove from the bytes that an image is what its label says',
    load: () => import('./audit-command.ts'),
  },
  {
    name: 'port',
    operands: 'REFERENCE | --fleet PATH... --to DESTINATION',
    summary: "make the missing platform's image out of the one that is there",
    load: () => import('./port-command.ts'),
  },
  {
    name: 'publish',
    operands: 'DESTINATION SOURCE...',
    summary: 'join images into one index, and publish it',
    load: () => import('./publish-command.ts'),
  },
  {
    name: 'build',
    operands: 'PRODUCT[@VERSION] | RECIPE',
    summary: 'build from source by a recipe; resume, list, show, logs, clean, export',
    load: () => import('./build-command.ts'),
  },
  {
    name: 'catalog',
    operands: 'list | show | check | table | bases',
    summary: 'products, how far they are on the platform, and what helps',
    load: () => import('./catalog-command.ts'),
  },
  {
    name: 'registry',
    operands: 'DIR',
    summary: 'serves a directory as a registry',
    load: () => import('./registry-command.ts'),
  },
  {
    name: 'demo',
    operands: '',
    summary: 'the whole tour on an embedded registry: no network, no daemon',
    load: () => import('./demo-command.ts'),
  },
];
