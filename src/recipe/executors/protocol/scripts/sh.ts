/** A text of sh as it's written: backslashes are its own, but for `\${`, which is its `${`. */
export function sh({ raw }: TemplateStringsArray): string {
  return raw.map((part) => part.replaceAll('\\${', '${')).join('');
}
