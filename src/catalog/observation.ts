// Observations are documents; the catalog keeps them.
export {
  type Observation,
  type ObservationResult,
  observationResults,
  observationSchema,
} from '../results/index.ts';
