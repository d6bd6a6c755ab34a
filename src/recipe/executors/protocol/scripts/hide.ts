import { sh } from './sh.ts';

/**
 * Takes secrets out of a log, line by line and by plain search, for any awk: mawk, gawk, busybox. It gets them from
 * its own environment, `ARMLOAD_SECRET_1` and so on, the longest first so that none is left half when another is part
 * of it. A last line without an end gets one.
 */
export const hideScript = sh`
BEGIN { while (("ARMLOAD_SECRET_" (count + 1)) in ENVIRON) { count++; secret[count] = ENVIRON["ARMLOAD_SECRET_" count] } }
{
  text = $0
  for (i = 1; i <= count; i++) {
    clean = ""
    while (at = index(text, secret[i])) {
      clean = clean substr(text, 1, at - 1) "***"
      text = substr(text, at + length(secret[i]))
    }
    text = clean text
  }
  print text
  fflush()
}
`;

/** Lines of a longer secret that say nothing by themselves, such as a closing bracket. */
const tellingCharacters = 3;

/**
 * What is searched for: secrets, and of one with many lines each line, since a log is read by lines. Longest first.
 */
export function hiddenTexts(secrets: readonly string[]): readonly string[] {
  const texts = secrets.flatMap((secret) => {
    const lines = secret.split(/\r?\n/);
    return lines.length === 1 ? lines : lines.filter((line) => line.trim().length >= tellingCharacters);
  });
  return [...new Set(texts)].filter((text) => text !== '').sort((a, b) => b.length - a.length);
}
