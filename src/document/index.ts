export { DocumentError, type DocumentProblem } from './errors.ts';
export { type DocumentText, type ReadDocument, readDocument } from './read-document.ts';
