import { interpolate } from '../interpolate.ts';
import type { Instruction, ParsedDockerfile, Word } from './instructions.ts';

/** One `FROM` and what follows it. */
export interface Stage {
  readonly index: number;
  readonly name: string | undefined;
  /** What it starts from: an earlier stage, nothing (`scratch`), or an image. */
  readonly base: StageBase;
  /** The value of `--platform` as written. */
  readonly platform: Word | undefined;
  /** The same with variables filled in; `undefined` where they can't be. */
  readonly platformText: string | undefined;
  readonly offset: number;
  /** Images that its instructions copy or mount from. */
  readonly mentions: readonly Mention[];
}

type StageBase =
  | { readonly kind: 'stage'; readonly stage: number }
  | { readonly kind: 'scratch' }
  | { readonly kind: 'image'; readonly image: Mention };

/** An image named in the file. `resolved` is set where variables changed it. */
export interface Mention {
  readonly written: string;
  readonly resolved?: string;
  readonly unresolved?: string;
  readonly offset: number;
}

export interface StagesResult {
  readonly stages: readonly Stage[];
  /** Instructions that can't be read, with a sentence. */
  readonly faults: readonly { readonly offset: number; readonly message: string }[];
}

/** Set by BuildKit for each build, so a file doesn't tell their values (Dockerfile reference, "Automatic platform ARGs"). */
const platformArgument = /^(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)$/;

/** Build arguments before the first FROM; those beyond are unknown. */
const maxArguments = 1_000;

interface Building {
  readonly file: ParsedDockerfile;
  readonly globals: Map<string, string | undefined>;
  readonly stages: MutableStage[];
  readonly byName: Map<string, number>;
  readonly faults: { offset: number; message: string }[];
}

type MutableStage = Stage & { readonly mentions: Mention[] };

/** Reads the stages of a Dockerfile: bases with their build arguments filled in, and further images they use. */
export function readStages(file: ParsedDockerfile): StagesResult {
  const building: Building = { file, globals: new Map(), stages: [], byName: new Map(), faults: [] };
  for (const instruction of file.instructions) {
    if (instruction.keyword === 'FROM') addStage(instruction, building);
    else if (instruction.keyword === 'ARG' && building.stages.length === 0) addGlobals(instruction, building);
    else addMentions(instruction, building);
  }
  if (file.cutAt !== undefined)
    building.faults.push({ offset: file.cutAt, message: 'it has too many lines; the rest was not read' });
  return { stages: building.stages, faults: building.faults };
}

function addGlobals(instruction: Instruction, building: Building): void {
  for (const { text } of instruction.words) {
    if (building.globals.size >= maxArguments) return;
    const equals = text.indexOf('=');
    if (equals < 0) {
      building.globals.set(text, undefined);
      continue;
    }
    const value = expand(unquoted(text.slice(equals + 1)), building);
    // A default that can't be told leaves the argument without one.
    building.globals.set(text.slice(0, equals), value.text);
  }
}

function unquoted(text: string): string {
  const quote = text.charAt(0);
  const isQuoted = (quote === '"' || quote === "'") && text.length > 1 && text.endsWith(quote);
  return isQuoted ? text.slice(1, -1) : text;
}

/** Fills in the arguments declared before the first FROM. */
function expand(text: string, building: Pick<Building, 'globals' | 'file'>): ReturnType<typeof interpolate> {
  return interpolate(text, {
    escape: building.file.escape,
    lookup: (name) =>
      platformArgument.test(name)
        ? { unknown: `it depends on ${name}, which each build sets for its platform` }
        : building.globals.get(name),
    unset: (name) =>
      building.globals.has(name)
        ? `the build argument ${name} has no default`
        : `the variable ${name} is no build argument declared before the first FROM`,
  });
}

function mention(word: Word, building: Building): Mention {
  const text = unquoted(word.text);
  const offset = word.offset + (text === word.text ? 0 : 1);
  const expanded = expand(text, building);
  if (expanded.unresolved !== undefined) return { written: text, unresolved: expanded.unresolved, offset };
  return expanded.text === text
    ? { written: text, offset }
    : { written: text, resolved: expanded.text, offset };
}

function addStage(instruction: Instruction, building: Building): void {
  const { stages, byName } = building;
  const flags = instruction.words.filter((word) => word.text.startsWith('--'));
  const [image, as, name] = instruction.words.filter((word) => !word.text.startsWith('--'));
  if (image === undefined) {
    building.faults.push({ offset: instruction.offset, message: 'FROM names no image' });
    return;
  }
  const index = stages.length;
  const stageName = as?.text.toUpperCase() === 'AS' ? name?.text : undefined;
  const platform = flagValue(flags, 'platform');
  stages.push({
    index,
    name: stageName,
    base: baseOf(mention(image, building), building),
    platform,
    platformText: platform === undefined ? undefined : expand(unquoted(platform.text), building).text,
    offset: instruction.offset,
    mentions: [],
  });
  // Named after its base is read: `FROM alpine AS alpine` starts from the image.
  if (stageName !== undefined) byName.set(stageName.toLowerCase(), index);
}

function baseOf(image: Mention, building: Building): StageBase {
  const text = image.resolved ?? image.written;
  const stage = building.byName.get(text.toLowerCase());
  if (stage !== undefined) return { kind: 'stage', stage };
  return text === 'scratch' ? { kind: 'scratch' } : { kind: 'image', image };
}

function flagValue(words: readonly Word[], name: string): Word | undefined {
  const prefix = `--${name}=`;
  const flag = words.find((word) => word.text.startsWith(prefix));
  if (flag === undefined) return undefined;
  return { text: flag.text.slice(prefix.length), offset: flag.offset + prefix.length };
}

/** Images in `COPY --from`, `ADD --from` and `RUN --mount=…,from=`, below ONBUILD too. */
function addMentions(instruction: Instruction, building: Building): void {
  const isTrigger = instruction.keyword === 'ONBUILD';
  const keyword = isTrigger ? (instruction.words[0]?.text.toUpperCase() ?? '') : instruction.keyword;
  const words = isTrigger ? instruction.words.slice(1) : instruction.words;
  const end = words.findIndex((word) => !word.text.startsWith('--'));
  const flags = end < 0 ? words : words.slice(0, end);
  if (keyword === 'COPY' || keyword === 'ADD') {
    const from = flagValue(flags, 'from');
    if (from !== undefined) addMention(from, building);
  } else if (keyword === 'RUN') {
    for (const flag of flags) {
      const match = /^--mount=(?:.*,)?from=([^,]+)/.exec(flag.text);
      if (match?.[1] === undefined) continue;
      addMention({ text: match[1], offset: flag.offset + match[0].length - match[1].length }, building);
    }
  }
}

function addMention(word: Word, building: Building): void {
  const current = building.stages.at(-1);
  if (current === undefined) return;
  const found = mention(word, building);
  const text = found.resolved ?? found.written;
  if (building.byName.has(text.toLowerCase()) || text === 'scratch') return;
  if (/^[0-9]+$/.test(text)) {
    if (Number(text) < building.stages.length) return;
    current.mentions.push({
      written: text,
      unresolved: `there is no stage ${text} before it`,
      offset: found.offset,
    });
  } else current.mentions.push(found);
}
