/** Endings of variables that hold secrets: not `TOKEN_FILE`, which is a path, nor `TOKENS_PER_SECOND`. */
const secretEndings =
  /(?:(?:^|_)TOKENS?|PASSWORD|PASSWD|PASSPHRASE|(?:^|_)SECRETS?|(?:^|_)CREDENTIALS?|API_?KEY|PRIVATE_?KEY|ACCESS_KEY|SECRET_KEY|SIGNING_KEY|^AWS_[A-Z0-9_]*KEY)\d*$/;

/** Switches of programs, such as `USE_TOKEN: 'true'`: nothing to keep. */
const noSecretValue = /^(?:|true|false|yes|no|on|off|none|[01])$/i;

// Each begins with letters of its own and repeats one class: linear time.
const secretForms: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----/,
  /\b(?:gh[oprsu]_|github_pat_|glpat-|dckr_[a-z]{3}_|npm_|pypi-|xox[abeoprs]-|hvs\.|sk_live_|rk_live_)[\w-]{16,}/,
  /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/,
  /\bAIza[\w-]{35}/,
  /\beyJ[\w-]{8,2048}\.eyJ[\w-]{8,}/,
  // A password in an address; not a shell's variable there, and not `docker://image:tag@sha256:…`.
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/"'<>:@]{0,256}:(?!\$)[^\s/"'<>@]{1,256}@(?!sha(?:256|512):)/i,
];

/** Does a variable of this name hold a secret, by the looks of it? */
export function isSecretName(variable: string): boolean {
  return secretEndings.test(variable.replaceAll('-', '_').toUpperCase());
}

/** May the text be kept in the open under a secret's name? */
export function isPlainValue(text: string): boolean {
  return noSecretValue.test(text);
}

/** Is there something in the text that is a secret by its form: a token's prefix, a private key, a password in a URL? */
export function holdsSecret(text: string): boolean {
  return secretForms.some((form) => form.test(text));
}
