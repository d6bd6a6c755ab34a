import { renderAssetsMarkdown, renderAssetsTable } from './assets/assets.ts';
import { renderAuditMarkdown } from './audit/markdown.ts';
import { renderAuditTable } from './audit/table.ts';
import { renderBasesMarkdown, renderBasesTable } from './bases/bases.ts';
import { renderBuildMarkdown, renderRunsMarkdown } from './build/markdown.ts';
import { renderPlanMarkdown, renderPlanTable } from './build/plan.ts';
import { renderBuildTable, renderRunsTable } from './build/table.ts';
import { renderCatalogListMarkdown, renderCatalogProductMarkdown } from './catalog/markdown.ts';
import { renderCatalogListTable, renderCatalogProductTable } from './catalog/table.ts';
import { renderCatalogCheckMarkdown } from './catalog-check/markdown.ts';
import { renderCatalogCheckTable } from './catalog-check/table.ts';
import { renderFleetMarkdown } from './fleet/markdown.ts';
import { renderFleetTable } from './fleet/table.ts';
import type { ReportFormat } from './format.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import { renderPortMarkdown } from './port/markdown.ts';
import { renderPortTable } from './port/table.ts';
import { renderPublishMarkdown } from './publish/markdown.ts';
import { renderPublishTable } from './publish/table.ts';
import { renderTable } from './table.ts';

/** Every report format, one line each; the first is the default. */
export const formats: readonly ReportFormat[] = [
  {
    name: 'table',
    description: 'for people',
    render: renderTable,
    renderAudit: renderAuditTable,
    renderPort: renderPortTable,
    renderFleet: renderFleetTable,
    renderPublish: renderPublishTable,
    renderPlan: renderPlanTable,
    renderBuild: renderBuildTable,
    renderRuns: renderRunsTable,
    renderCatalogList: renderCatalogListTable,
    renderCatalogProduct: renderCatalogProductTable,
    renderCatalogCheck: renderCatalogCheckTable,
    renderBases: renderBasesTable,
    renderAssets: renderAssetsTable,
  },
  {
    name: 'json',
    description: 'for programs, see schemas/',
    render: renderJson,
    renderAudit: renderJson,
    renderPort: renderJson,
    renderFleet: renderJson,
    renderPublish: renderJson,
    renderPlan: renderJson,
    renderBuild: renderJson,
    renderRuns: renderJson,
    renderCatalogList: renderJson,
    renderCatalogProduct: renderJson,
    renderCatalogCheck: renderJson,
    renderBases: renderJson,
    renderAssets: renderJson,
  },
  {
    name: 'markdown',
    description: 'for pull-request comments',
    render: renderMarkdown,
    renderAudit: renderAuditMarkdown,
    renderPort: renderPortMarkdown,
    renderFleet: renderFleetMarkdown,
    renderPublish: renderPublishMarkdown,
    renderPlan: renderPlanMarkdown,
    renderBuild: renderBuildMarkdown,
    renderRuns: renderRunsMarkdown,
    renderCatalogList: renderCatalogListMarkdown,
    renderCatalogProduct: renderCatalogProductMarkdown,
    renderCatalogCheck: renderCatalogCheckMarkdown,
    renderBases: renderBasesMarkdown,
    renderAssets: renderAssetsMarkdown,
  },
];
