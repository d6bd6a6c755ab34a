export { assetsOutcomeOf, assetsTotalsOf } from './assets/assets.ts';
export {
  type AuditFailOn,
  auditFailOnWords,
  auditOutcomeOf,
  defaultAuditFailOn,
} from './audit/outcome.ts';
export { auditTotalsOf } from './audit/sentences.ts';
export { basesOutcomeOf, basesTotalsOf } from './bases/bases.ts';
export { buildOutcomeOf } from './build/outcome.ts';
export { planTotalsOf } from './build/plan.ts';
export { buildTotalsOf, describeSeconds, runsTotalsOf } from './build/sentences.ts';
export { type PageFormat, pageFormats } from './catalog/page.ts';
export { catalogListTotalsOf, catalogPageTotalsOf, catalogProductTotalsOf } from './catalog/sentences.ts';
export { catalogCheckOutcomeOf } from './catalog-check/outcome.ts';
export { catalogCheckTotalsOf } from './catalog-check/sentences.ts';
export { doubtfulNames, renderKustomizeImages } from './fleet/kustomize.ts';
export { fleetOutcomeOf } from './fleet/outcome.ts';
export { fleetTotalsOf } from './fleet/sentences.ts';
export type { AuditReportOptions, Drawing, ReportFormat, ReportOptions } from './format.ts';
export { formats } from './formats.ts';
export {
  defaultFailOn,
  exitCodeOf,
  type FailOn,
  failOnWords,
  type Outcome,
  outcomeOf,
} from './outcome.ts';
export { renderAccount } from './port/account.ts';
export { portOutcomeOf } from './port/outcome.ts';
export { portTotalsOf } from './port/sentences.ts';
export { publishOutcomeOf } from './publish/outcome.ts';
export { publishTotalsOf } from './publish/sentences.ts';
export { totalsOf } from './sentences.ts';
export { describeShare, describeSize, plainText } from './text.ts';
