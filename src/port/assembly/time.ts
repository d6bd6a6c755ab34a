import { UsageError } from '../../core/index.ts';

/**
 * The time of entries that are new in a ported image, in seconds: SOURCE_DATE_EPOCH where it's set
 * (reproducible-builds.org, "SOURCE_DATE_EPOCH"), or else the time at which the source image was made.
 * @throws UsageError `CONFIG` where the variable holds no whole number of seconds.
 */
export function timeOfNewEntries(
  imageCreated: Date | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): number {
  const text = environment['SOURCE_DATE_EPOCH'];
  if (text === undefined || text === '') {
    const milliseconds = imageCreated?.getTime() ?? 0;
    return Number.isFinite(milliseconds) ? Math.floor(milliseconds / 1000) : 0;
  }
  if (/^[0-9]{1,12}$/.test(text)) return Number(text);
  throw new UsageError('CONFIG', 'the environment variable SOURCE_DATE_EPOCH is no number of seconds', {
    hint: 'Set it to whole seconds since 1970, such as `date +%s` prints, or unset it.',
  });
}
