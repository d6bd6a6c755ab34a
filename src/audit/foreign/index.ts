export { codeByArchitecture } from './code-by-architecture.ts';
export { foreignFindings } from './findings.ts';
export { judgeForeign } from './judge.ts';
export { codeWithoutTwin, type LoneCode } from './without-twin.ts';
