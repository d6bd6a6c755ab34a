import { expressionsOf } from '../document/condition.ts';
import type { Expression, Plan, Template } from '../plan/types.ts';

/** All expressions whose values a script holds in variables, again and again. */
export function expressionsIn({ steps, checks, publications }: Plan): readonly Expression[] {
  const templates: Template[] = [
    ...steps.flatMap(({ command, workdir, environment, files, images }) => [
      ...(command.kind === 'words' ? command.words : []),
      workdir,
      ...environment.map(({ value }) => value),
      ...files.map(({ path }) => path),
      ...images.map(({ reference }) => reference),
    ]),
    ...checks.flatMap(({ file = [], image = [], version }) => [file, image, ...(version?.words ?? [])]),
    ...publications.map(({ image }) => image),
  ];
  const images = [...checks.map(({ image = [] }) => image), ...publications.map(({ image }) => image)]
    .flat()
    .flatMap((part) => (typeof part === 'string' ? [] : [{ ...part, path: [...part.path, 'id'] }]));
  return [
    ...templates.flat().filter((part) => typeof part !== 'string'),
    ...steps.flatMap(({ when }) => (when === undefined ? [] : expressionsOf(when.node))),
    ...images,
  ];
}
