import type { ReportFormat } from './format.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import { renderTable } from './table.ts';

/** Every report format, one line each; the first is the default. */
export const formats: readonly ReportFormat[] = [
  { name: 'table', description: 'for people, grouped by what to do', render: renderTable },
  { name: 'json', description: 'for programs; schemas/scan.schema.json describes it', render: renderJson },
  { name: 'markdown', description: 'for pull-request comments', render: renderMarkdown },
];
