export { type AddedPackage, complete } from './complete.ts';
export { isThere, newParagraphs } from './new-paragraphs.ts';
export { needRefusal, scriptRefusal } from './refusals.ts';
export { unneededPackages } from './unneeded.ts';
