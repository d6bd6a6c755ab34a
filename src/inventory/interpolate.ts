/** A text after interpolation, or the sentence that says why it can't be told. */
export type Interpolated =
  | { readonly text: string; readonly unresolved?: undefined }
  | { readonly text?: undefined; readonly unresolved: string };

/** What a variable stands for: its value, nothing, or a sentence that says why its value can't be known. */
export type Lookup = (name: string) => string | undefined | { readonly unknown: string };

export interface InterpolationRules {
  readonly lookup: Lookup;
  /** How a literal `$` is written: Compose doubles it, Dockerfiles put an escape character before it. */
  readonly escape: '$' | '\\' | '`';
  /** The sentence for a variable without value and default. */
  readonly unset: (name: string) => string;
}

/** Defaults in defaults; deeper nesting is refused. */
const maxNesting = 20;
/** UTF-16 units that an interpolated text may reach. */
const maxLength = 64 * 1024;
const namePattern = /[A-Za-z_][A-Za-z0-9_]*/y;

class Unresolved extends Error {}

/**
 * Replaces variables by the shell-like rules that Compose and Dockerfiles share (Compose specification,
 * "Interpolation"; Dockerfile reference, "Environment replacement"): `$V`, `${V}`, `:-` and `-` for a default, `:+`
 * and `+` for a replacement, `:?` and `?` for a must, each nested in each other. A variable without a value is
 * unresolved and not blank: a blank in an image reference is never what is meant.
 */
export function interpolate(text: string, rules: InterpolationRules): Interpolated {
  if (!text.includes('$')) return { text };
  try {
    const state = { text, at: 0, rules };
    return { text: readUntil(state, '', 0) };
  } catch (error) {
    if (error instanceof Unresolved) return { unresolved: error.message };
    throw error;
  }
}

interface State {
  readonly text: string;
  at: number;
  readonly rules: InterpolationRules;
}

/** Reads to the closing brace of an expression, or to the end where `close` is empty. */
function readUntil(state: State, close: string, nesting: number): string {
  if (nesting > maxNesting) throw new Unresolved(`its variables nest deeper than ${maxNesting} levels`);
  const { text, rules } = state;
  let result = '';
  while (state.at < text.length) {
    const character = text.charAt(state.at);
    if (character === close) return result;
    if (character === rules.escape && text.charAt(state.at + 1) === '$') {
      result += '$';
      state.at += 2;
    } else if (character === '$') result += readVariable(state, nesting);
    else {
      result += character;
      state.at++;
    }
    if (result.length > maxLength) throw new Unresolved(`it grows beyond ${maxLength} characters`);
  }
  if (close !== '') throw new Unresolved('a "${" has no closing brace');
  return result;
}

function readVariable(state: State, nesting: number): string {
  const start = state.at;
  const braced = state.text.charAt(start + 1) === '{';
  namePattern.lastIndex = start + (braced ? 2 : 1);
  const name = namePattern.exec(state.text)?.[0];
  if (name === undefined) throw new Unresolved(`"${state.text.slice(start, start + 20)}" is no variable`);
  state.at = namePattern.lastIndex;
  if (!braced) return lookUp(name, state.rules) ?? missing(name, state.rules);
  const operator = /^(?::?[-+?]|\})/.exec(state.text.slice(state.at, state.at + 2))?.[0];
  if (operator === undefined && state.at >= state.text.length)
    throw new Unresolved('a "${" has no closing brace');
  if (operator === undefined)
    throw new Unresolved(`"${state.text.slice(start, start + 40)}" uses an operator that is not understood`);
  state.at += operator.length;
  if (operator === '}') return lookUp(name, state.rules) ?? missing(name, state.rules);
  return readOperand(state, { name, operator, nesting });
}

interface Operation {
  readonly name: string;
  readonly operator: string;
  readonly nesting: number;
}

function readOperand(state: State, { name, operator, nesting }: Operation): string {
  const value = lookUp(name, state.rules);
  const given = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
  const kind = operator.at(-1);
  const operand = kind === '+' ? given : kind === '-' && !given;
  // An operand that isn't used isn't looked at: its own variables need no value.
  const text = operand ? readUntil(state, '}', nesting + 1) : skipOperand(state);
  state.at++;
  if (operand) return text;
  if (kind === '+') return '';
  if (!given) throw new Unresolved(`the variable ${name} must be set${text === '' ? '' : `: ${text}`}`);
  return value ?? '';
}

function skipOperand(state: State): string {
  const start = state.at;
  for (let depth = 0; state.at < state.text.length; state.at++) {
    const character = state.text.charAt(state.at);
    if (character === '{' && state.text.charAt(state.at - 1) === '$') depth++;
    else if (character === '}' && depth-- === 0) return state.text.slice(start, state.at);
  }
  throw new Unresolved('a "${" has no closing brace');
}

function lookUp(name: string, rules: InterpolationRules): string | undefined {
  const value = rules.lookup(name);
  if (typeof value === 'object') throw new Unresolved(value.unknown);
  return value;
}

function missing(name: string, rules: InterpolationRules): never {
  throw new Unresolved(rules.unset(name));
}
