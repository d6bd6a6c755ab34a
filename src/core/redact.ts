const HIDDEN = '[redacted]';

const patterns: readonly (readonly [RegExp, string])[] = [
  // https://user:password@host
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+(?::[^\s/@]*)?@/gi, `$1${HIDDEN}@`],
  [/\b(authorization["']?\s*[:=]\s*["']?)[^\r\n"']+/gi, `$1${HIDDEN}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9+/._~-]{8,}=*/gi, `$1 ${HIDDEN}`],
  // Query parameters and JSON fields that carry secrets, pre-signed URLs included.
  [
    /([?&](?:[\w.-]*(?:token|signature|credential|password|secret)[\w.-]*|sig|se|skoid|awsaccesskeyid|key-pair-id|policy)=)[^&\s"']+/gi,
    `$1${HIDDEN}`,
  ],
  [
    /("(?:token|access_token|refresh_token|identitytoken|registrytoken|password|secret|auth)"\s*:\s*")(?:[^"\\]|\\.)*"/gi,
    `$1${HIDDEN}"`,
  ],
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
