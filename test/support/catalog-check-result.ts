import {
  type CatalogCheckResult,
  type CheckedProduct,
  catalogCheckSchemaVersion,
  type Observation,
  observationResults,
  severities,
} from '../../src/results/index.ts';

/** An observation; good unless told. */
export function sighting(reference: string, parts: Partial<Observation> = {}): Observation {
  return {
    reference,
    platform: 'linux/arm64',
    at: '2026-01-01T00:00:00.000Z',
    method: 'manifest',
    result: 'multi-arch',
    why: 'the index lists linux/arm64',
    ...parts,
  };
}

/** A product of which one good image was seen. */
export function checkedProduct(parts: Partial<CheckedProduct> = {}): CheckedProduct {
  const supported = { state: 'supported' as const, because: ['its bytes are right'] };
  return {
    product: 'app',
    before: supported,
    after: supported,
    observations: [sighting('registry.example/app:0')],
    regressions: [],
    findings: [],
    fresh: [],
    ...parts,
  };
}

export function catalogCheckResult(products: readonly CheckedProduct[]): CatalogCheckResult {
  const observations = products.flatMap((one) => one.observations);
  const findings = products.flatMap((one) => one.findings);
  const count = <Word extends string>(words: readonly Word[], wordOf: (word: Word) => number) =>
    Object.fromEntries(words.map((word) => [word, wordOf(word)])) as Record<Word, number>;
  return {
    schemaVersion: catalogCheckSchemaVersion,
    platform: 'linux/arm64',
    recorded: true,
    summary: {
      products: products.length,
      observations: observations.length,
      results: count(
        observationResults,
        (word) => observations.filter(({ result }) => result === word).length,
      ),
      regressions: products.reduce((sum, { regressions }) => sum + regressions.length, 0),
      findings: count(severities, (word) => findings.filter(({ severity }) => severity === word).length),
      moved: products.filter(({ before, after }) => before.state !== after.state).length,
    },
    products: [...products],
  };
}
