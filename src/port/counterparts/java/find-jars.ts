import { codeWithoutTwin, type LoneCode } from '../../../audit/index.ts';
import type { FileFacts } from '../../../binary/index.ts';
import { compareText } from '../../../core/index.ts';
import type { ViewEntry } from '../../../layer/index.ts';
import type { PortImage } from '../../origin-types.ts';

/** A jar with machine code of the old machine that nothing stands for on the new. */
export interface OldJar {
  readonly file: ViewEntry;
  /** Where it lies inside that file, a jar in a jar; empty for the file itself. */
  readonly innerPath: string;
  /** Paths of the code in it. */
  readonly code: readonly string[];
  /** Of the jar itself; absent where it lies in another that was not opened. */
  readonly sha256?: string;
  readonly sha1?: string;
  readonly facts?: FileFacts;
}

const jarName = /\.jar$/i;
const archiveName = /\.(?:jar|war|ear|rar|sar|kar|hpi|jpi)$/i;

/** The jars above the base that nobody answers for, outer ones before what is in them. */
export function findJars(image: PortImage, taken: ReadonlySet<string>): readonly OldJar[] {
  const jars = new Map<string, OldJar & { readonly code: string[] }>();
  for (const lone of codeWithoutTwin(image.view, image.target)) {
    const { entry: file } = lone;
    if (!isOld(lone, image) || file.layer < image.baseLayers || taken.has(file.path)) continue;
    const place = jarAround(lone.innerPath);
    if (!archiveName.test(file.path) || place === undefined) continue;
    const key = `${file.path}\0${place.jar}`;
    const { sha256, sha1, facts } = file.entry;
    const own =
      place.jar === '' ? { ...(sha256 && { sha256 }), ...(sha1 && { sha1 }), ...(facts && { facts }) } : {};
    const known = jars.get(key) ?? { file, innerPath: place.jar, code: [], ...own };
    known.code.push(place.code);
    jars.set(key, known);
  }
  return [...jars]
    .sort(([left], [right]) => compareText(left, right))
    .map(([, jar]) => jar)
    .filter(({ file, innerPath }) => innerPath !== '' || jarName.test(file.path));
}

function isOld({ code, innerPath }: LoneCode, { source }: PortImage): boolean {
  return innerPath !== '' && code.os === 'linux' && code.architecture === source.architecture;
}

/** The innermost jar that a path leads through; `undefined` where it's in another archive, such as a tar in a jar. */
function jarAround(innerPath: string): { readonly jar: string; readonly code: string } | undefined {
  const end = innerPath.lastIndexOf('!/');
  if (end < 0) return { jar: '', code: innerPath };
  const jar = innerPath.slice(0, end);
  return jarName.test(jar) ? { jar, code: innerPath.slice(end + 2) } : undefined;
}
