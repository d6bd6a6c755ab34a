/** What stands in a host's template where the name of its program comes: the SHA-256 of `foobar`, as text. */
const placeholder = Buffer.from('c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2', 'latin1');
/** Bytes that a name may have there. */
const maxName = 1024;

/**
 * A host that starts one program, made of the template that .NET's SDK has for each platform: the way the SDK makes it
 * (HostWriter), with the program's file in the place of the placeholder, and zeros behind it.
 * @param program relative to the host, `App.dll`.
 * @returns `undefined` where the template has no such place, or several, or the name is too long for it.
 */
export function madeHost(template: Buffer, program: string): Buffer | undefined {
  const name = Buffer.from(program, 'utf8');
  const at = template.indexOf(placeholder);
  if (at < 0 || template.includes(placeholder, at + 1) || name.length > maxName) return undefined;
  const host = Buffer.from(template);
  host.fill(0, at, at + placeholder.length);
  name.copy(host, at);
  return host;
}
