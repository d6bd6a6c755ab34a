import type {
  AssetsResult,
  AuditResult,
  BasesResult,
  BuildResult,
  CatalogCheckResult,
  CatalogList,
  CatalogProduct,
  FleetResult,
  PlanView,
  PortResult,
  PublishResult,
  RunList,
  ScanResult,
} from '../results/index.ts';
import type { AuditFailOn } from './audit/outcome.ts';
import type { FailOn } from './outcome.ts';

/** How a report is drawn. Formats for programs ignore what they have no use for. */
export interface Drawing {
  /** Width in characters that lines should keep to; 100 where nothing is said. Nothing is cut to fit. */
  readonly columns?: number;
  /** Terminal colours; off where nothing is said. */
  readonly color?: boolean;
  /** Lists what is only counted otherwise: images that are ready, an audit's notes. */
  readonly all?: boolean;
  /** Every use, piece of evidence, remedy and path, not just the first ones. */
  readonly detail?: boolean;
}

export interface ReportOptions extends Drawing {
  /** The policy that the last line is about; see `outcomeOf`. */
  readonly failOn?: readonly FailOn[];
}

export interface AuditReportOptions extends Drawing {
  /** The policy that the last line is about; see `auditOutcomeOf`. */
  readonly failOn?: readonly AuditFailOn[];
}

/** A report format. Adding one is a file with a drawing of each result, and one entry in `formats.ts`. */
export interface ReportFormat {
  readonly name: string;
  /** For `--help`. */
  readonly description: string;
  render(result: ScanResult, options: ReportOptions): string;
  renderAudit(result: AuditResult, options: AuditReportOptions): string;
  renderPort(result: PortResult, options: Drawing): string;
  renderFleet(result: FleetResult, options: Drawing): string;
  renderPublish(result: PublishResult, options: Drawing): string;
  /** What a recipe would do. */
  renderPlan(view: PlanView, options: Drawing): string;
  renderBuild(result: BuildResult, options: Drawing): string;
  renderRuns(list: RunList, options: Drawing): string;
  renderCatalogList(result: CatalogList, options: Drawing): string;
  renderCatalogProduct(result: CatalogProduct, options: Drawing): string;
  renderCatalogCheck(result: CatalogCheckResult, options: Drawing): string;
  renderBases(result: BasesResult, options: Drawing): string;
  renderAssets(result: AssetsResult, options: Drawing): string;
}
