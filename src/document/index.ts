export { DocumentError, type DocumentProblem } from './errors.ts';
export { type DocumentText, type MemberPath, type ReadDocument, readDocument } from './read-document.ts';
