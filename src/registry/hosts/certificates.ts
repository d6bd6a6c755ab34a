import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { UsageError } from '../../core/index.ts';

/** Certificate files above this are refused, bytes. The public roots have about 250 KiB. */
const maxFileBytes = 4 * 1024 * 1024;

/**
 * The certificates of a PEM file, each checked to be one, in one text; whatever stands between them is left out. `named` says who named the file, for the message.
 * @throws UsageError `CONFIG` where it can't be read or holds something else.
 */
export async function readCertificates(path: string, named: string): Promise<string> {
  const content = await readText(path, named);
  const blocks = pemBlocks(content);
  if (blocks.length === 0) throw certificateError(path, named, 'it holds no PEM certificate');
  for (const [at, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch (error) {
      throw certificateError(path, named, `its certificate ${at + 1} is malformed`, error);
    }
  }
  return blocks.join('');
}

function pemBlocks(content: string): readonly string[] {
  const begin = '-----BEGIN CERTIFICATE-----';
  const end = '-----END CERTIFICATE-----';
  return content
    .split(begin)
    .slice(1)
    .map((part) => `${begin}${part.split(end, 1)[0] ?? ''}${end}\n`);
}

async function readText(path: string, named: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= maxFileBytes) return await readFile(path, 'latin1');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw certificateError(path, named, `it can't be read (${code})`, error);
  }
  throw certificateError(path, named, `it is larger than ${maxFileBytes} bytes`);
}

function certificateError(path: string, named: string, problem: string, cause?: unknown): UsageError {
  return new UsageError('CONFIG', `the certificate file ${path}, named by ${named}: ${problem}`, {
    cause,
    facts: { path },
  });
}
