const HIDDEN = '[redacted]';

/** Words that follow "bearer" or "basic" in sentences; anything else there is taken for a secret. */
const proseAfterScheme =
  'auth|authentication|authorization|challenges?|credentials?|headers?|realm|schemes?|tokens?|access';
const secretField = '[\\w-]{0,40}(?:token|password|passwd|secret|credential)[\\w-]{0,40}|auth';
const secretParameter =
  '[\\w.-]{0,40}(?:token|signature|credential|password|secret|api[_-]?key)[\\w.-]{0,40}|sig|se|skoid|awsaccesskeyid|key-pair-id|policy|verify';

// Every repetition is bounded or can't meet itself again, so that a hostile text costs linear time.
const patterns: readonly (readonly [RegExp, string])[] = [
  // https://user:password@host, the password with any "@" of its own; not docker://image@sha256:…
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/"'<>]*@(?!sha(?:256|512):)/gi, `$1${HIDDEN}@`],
  [/\b(authorization["']?\s{0,8}[:=]\s{0,8}["']?)[^\r\n"']+/gi, `$1${HIDDEN}`],
  [
    new RegExp(`\\b(bearer|basic)\\s{1,8}(?!(?:${proseAfterScheme})\\b)[A-Za-z0-9+/._~-]{8,}=*`, 'gi'),
    `$1 ${HIDDEN}`,
  ],
  // Query parameters and form fields, those of pre-signed URLs included.
  [new RegExp(`(^|[?&\\s"'])((?:${secretParameter})=)[^&\\s"']+`, 'gi'), `$1$2${HIDDEN}`],
  // JSON fields, also inside a JSON string and where the text was cut off before the closing quote.
  [new RegExp(`("(?:${secretField})\\\\?"\\s{0,8}:\\s{0,8}\\\\?")(?:[^"\\\\]|\\\\.)*`, 'gi'), `$1${HIDDEN}`],
  // Tokens that tell by their form: JSON web tokens, and the prefixes of GitHub, GitLab and Docker Hub.
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, HIDDEN],
  [/\b(?:gh[oprsu]_|github_pat_|glpat-|dckr_[a-z]{3}_)[\w-]{16,}/g, HIDDEN],
];

/**
 * Hides what looks like a secret in a text for people: passwords in URLs, Authorization values, tokens in queries
 * and JSON. The one redacting function: every error message and every verbose line goes through it.
 */
export function redact(text: string): string {
  let result = text;
  for (const [pattern, replacement] of patterns) result = result.replace(pattern, replacement);
  return result;
}
