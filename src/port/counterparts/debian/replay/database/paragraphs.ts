import { type ControlField, type Paragraph, parseControl } from '../../control.ts';

/** A paragraph of a file, and its very bytes as Latin-1 text: what isn't rewritten stays as it is. */
export interface RawParagraph {
  readonly text: string;
  readonly paragraph: Paragraph;
}

/** @throws DebianError `DEBIAN_MALFORMED` with the line, or `DEBIAN_LIMIT`. */
export function rawParagraphs(bytes: Uint8Array, name: string): readonly RawParagraph[] {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').split('\n');
  const texts: string[][] = [[]];
  for (const line of lines) {
    if (line === '' || line === '\r') texts.push([]);
    else texts.at(-1)?.push(line);
  }
  return texts.flatMap((own) => {
    const text = own.map((line) => `${line}\n`).join('');
    const [paragraph] = own.length === 0 ? [] : parseControl(Buffer.from(text, 'latin1'), { name });
    return paragraph === undefined ? [] : [{ text, paragraph }];
  });
}

/** Paragraphs as a file's bytes, each closed by an empty line. */
export function bytesOfParagraphs(texts: readonly string[]): Uint8Array {
  return Buffer.from(texts.map((text) => `${text}\n`).join(''), 'latin1');
}

/** A paragraph as dpkg writes it, as Latin-1 text of its bytes. */
export function paragraphText(fields: Iterable<Pick<ControlField, 'name' | 'value'>>): string {
  const text = [...fields].map(({ name, value }) => fieldText(name, value)).join('');
  return Buffer.from(text).toString('latin1');
}

function fieldText(name: string, value: string): string {
  const [first = '', ...others] = value.split('\n');
  return `${name}:${first === '' ? '' : ` ${first}`}\n${others.map((line) => ` ${line}\n`).join('')}`;
}
