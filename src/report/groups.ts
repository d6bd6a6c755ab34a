import type { ImageResult, ReadinessState, ScanResult, UnknownReason } from '../results/index.ts';

/** How much a group should stand out. */
export type Tone = 'bad' | 'doubt' | 'quiet' | 'good';

/** Images that ask the same of the reader. */
export interface ImageGroup {
  readonly state: ReadinessState;
  readonly title: string;
  readonly tone: Tone;
  readonly images: readonly ImageResult[];
}

/** In the order people should read them. */
const headings: Readonly<Record<ReadinessState, readonly [title: string, tone: Tone]>> = {
  missing: ['Needs another image (missing)', 'bad'],
  mislabelled: ["Mislabelled: the bytes are another machine's", 'bad'],
  pinned: ['Pinned to another platform', 'bad'],
  suspect: ['Suspect: audit these', 'doubt'],
  unknown: ['Could not be determined', 'doubt'],
  unresolved: ['Unresolved: the text gives no reference', 'doubt'],
  'not-an-image': ['Not images', 'quiet'],
  ready: ['Ready', 'good'],
};

const reasons: Readonly<Record<UnknownReason, string>> = {
  unauthorized: 'unauthorized',
  'not-found': 'not found',
  'rate-limited': 'rate limited',
  network: 'network',
  timeout: 'timeout',
  malformed: 'malformed answer',
  unsupported: 'unsupported',
  offline: 'offline',
  'too-large': 'too large',
};

/** The states in reading order, worst first. */
export const statesInOrder = Object.keys(headings) as readonly ReadinessState[];

/** Images by what the reader has to do, `unknown` by reason; groups without images are left out. */
export function groupImages(result: ScanResult): readonly ImageGroup[] {
  return statesInOrder.flatMap((state) => {
    const images = result.images.filter((image) => image.readiness.state === state);
    return state === 'unknown' ? unknownGroups(images) : group(state, headings[state][0], images);
  });
}

function unknownGroups(images: readonly ImageResult[]): readonly ImageGroup[] {
  const [title] = headings.unknown;
  const named = (Object.keys(reasons) as UnknownReason[]).flatMap((reason) =>
    group(
      'unknown',
      `${title}: ${reasons[reason]}`,
      images.filter((image) => image.readiness.reason === reason),
    ),
  );
  const unnamed = images.filter((image) => image.readiness.reason === undefined);
  return [...named, ...group('unknown', title, unnamed)];
}

function group(state: ReadinessState, title: string, images: readonly ImageResult[]): readonly ImageGroup[] {
  return images.length === 0 ? [] : [{ state, title, tone: headings[state][1], images }];
}
