/** Probabilities start in the middle: 11 bits, half of 2048. */
export const half = 1024;
const states = 12;
const maxPositionStates = 16;
export const lengthToDistanceStates = 4;
export const endDistanceModel = 14;
const fullDistances = 128;
export const alignBits = 4;

/** Two choices, then trees of 3 and 3 bits for each position state, and one of 8 bits. */
export const lengthMid = 2 + (maxPositionStates << 3);
export const lengthHigh = lengthMid + (maxPositionStates << 3);
const lengthModels = lengthHigh + 256;

/** Where each model starts among the probabilities, which are one array ("LZMA specification", Probability models). */
export const isMatch = 0;
export const isRepeat = isMatch + (states << 4);
const isRepeat0 = isRepeat + states;
const isRepeat1 = isRepeat0 + states;
const isRepeat2 = isRepeat1 + states;
const isRepeat0Long = isRepeat2 + states;
export const slots = isRepeat0Long + (states << 4);
export const distances = slots + (lengthToDistanceStates << 6);
export const align = distances + 1 + fullDistances - endDistanceModel;
export const newLength = align + (1 << alignBits);
export const repeatLength = newLength + lengthModels;
export const literals = repeatLength + lengthModels;

/**
 * The choices that say what a match is, as a tree: 1 is between a new distance (2) and a repeated one, 3 between the last of
 * the four and another, 6 between one byte (12) and more (13), and so on to the distances 14, 30 and 31. Of each choice,
 * where its models start.
 */
export const choices = new Int16Array(64).fill(-1);
choices.set([isRepeat], 1);
choices.set([isRepeat0], 3);
choices.set([isRepeat0Long, isRepeat1], 6);
choices.set([isRepeat2], 15);

/** All models, as a decoder begins with them. */
export function probabilities(literalBits: number): Uint16Array {
  return new Uint16Array(literals + (0x300 << literalBits)).fill(half);
}
