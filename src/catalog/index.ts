export {
  type Observation,
  type ObservationResult,
  observationResults,
  observationSchema,
} from './observation.ts';
