/** A script's text as it stands, but for `\${`, which is `${`. */
export function sh({ raw }: TemplateStringsArray): string {
  return raw.join('').replaceAll('\\${', '${').replace(/^\n/, '');
}
