import type {
  AssetsResult,
  AuditResult,
  BasesResult,
  BuildResult,
  CatalogCheckResult,
  CatalogList,
  CatalogPage,
  CatalogProduct,
  FleetResult,
  PlanView,
  PortResult,
  PublishResult,
  RunList,
  ScanResult,
} from '../results/index.ts';

type Result =
  | ScanResult
  | AuditResult
  | PortResult
  | FleetResult
  | AssetsResult
  | BasesResult
  | PublishResult
  | BuildResult
  | PlanView
  | RunList
  | CatalogCheckResult
  | CatalogList
  | CatalogProduct
  | CatalogPage;

/**
 * The result as one JSON document, two spaces, a newline at the end. Control, direction and invisible characters are
 * written as `\u` escapes: the same data, and nothing that could drive a terminal.
 */
export function renderJson(result: Result): string {
  return `${escapeUnseen(JSON.stringify(result, undefined, 2))}\n`;
}

/** JSON with `\u` escapes for what can't be seen; lines stay. */
export function escapeUnseen(json: string): string {
  return json.replace(/[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}]/gu, escapeUnits);
}

function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
