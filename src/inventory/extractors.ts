import { composeExtractor } from './compose/extractor.ts';
import { dockerfileExtractor } from './dockerfile/extractor.ts';
import { kubernetesExtractor } from './kubernetes/extractor.ts';
import { valuesExtractor } from './kubernetes/values.ts';
import { listExtractor } from './list/extractor.ts';
import type { Extractor } from './types.ts';

/** Every source kind. A text is read by the first that recognises it. */
export const extractors: readonly Extractor[] = [
  kubernetesExtractor,
  composeExtractor,
  valuesExtractor,
  dockerfileExtractor,
  listExtractor,
];
