import { createPrivateKey, type KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { messageOf, UsageError } from '../../../core/index.ts';
import { openSigstoreKey } from './sigstore-key.ts';

export interface KeyFile {
  readonly file: string;
  readonly passphrase?: string;
}

/** Far more than any key takes. */
const maxKeyBytes = 64 * 1024;

const convertHint =
  'openssl pkey -in KEY -out KEY.pem writes a private key as PKCS#8 PEM; -aes256 encrypts it with a passphrase.';
const passphraseHint = 'Give its passphrase.';

/** What to say of PEM blocks that are no private key that can be read. */
const otherBlocks: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  'PUBLIC KEY': ['a public key', 'Signing takes the private key that belongs to it.'],
  'RSA PUBLIC KEY': ['a public key', 'Signing takes the private key that belongs to it.'],
  CERTIFICATE: ['a certificate', 'Signing takes the private key that belongs to it.'],
  'OPENSSH PRIVATE KEY': [
    "a key in OpenSSH's own form",
    'ssh-keygen -p -m PKCS8 -f COPY_OF_KEY rewrites a copy of it in a form that can be read.',
  ],
};

/**
 * Reads and unlocks a private key: PKCS#8, SEC 1 or PKCS#1 in PEM, encrypted or not, or cosign's encrypted form.
 * @throws UsageError `CONFIG` with what is wrong and what helps; neither the passphrase nor a part of the key is in it.
 */
export async function readKey(settings: KeyFile): Promise<KeyObject> {
  const { file } = settings;
  const text = await readText(file);
  const labels = [...text.matchAll(/^-----BEGIN ([A-Z0-9 ]{1,64})-----\s*$/gm)].map(
    ([, label]) => label ?? '',
  );
  const label = labels.find((name) => name.endsWith('PRIVATE KEY')) ?? labels[0];
  if (label === undefined) throw wrong(`${file} holds no key in PEM form`, convertHint);
  const other = otherBlocks[label];
  if (other !== undefined)
    throw wrong(`${file} holds ${other[0]}, which nothing can be signed with`, other[1]);
  if (/^ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY$/.test(label))
    return readSigstoreKey(text, label, settings);
  if (!label.endsWith('PRIVATE KEY')) throw wrong(`${file} holds no private key in PEM form`, convertHint);
  return readPem(text, label, settings);
}

async function readText(file: string): Promise<string> {
  const bytes = Buffer.alloc(maxKeyBytes + 1);
  let length = 0;
  try {
    const handle = await open(file, 'r');
    try {
      for (let read = 1; read > 0 && length < bytes.length; length += read)
        ({ bytesRead: read } = await handle.read(bytes, length));
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw wrong(`the signing key ${file} can't be read: ${messageOf(error)}`, undefined, error);
  }
  if (length > maxKeyBytes) throw wrong(`${file} is larger than a key: more than ${maxKeyBytes} bytes`);
  return bytes.toString('latin1', 0, length);
}

function readPem(text: string, label: string, { file, passphrase }: KeyFile): KeyObject {
  const encrypted = label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: *4,ENCRYPTED/m.test(text);
  if (encrypted && passphrase === undefined)
    throw wrong(`the key ${file} is encrypted, and there is no passphrase for it`, passphraseHint);
  try {
    return createPrivateKey({ key: text, format: 'pem', ...(encrypted ? { passphrase } : {}) });
  } catch {
    // OpenSSL can't tell a wrong passphrase from damage, and what it says of either helps nobody.
    if (encrypted) throw locked(file);
    throw wrong(`${file} says that it holds a private key, and holds none that can be read`, convertHint);
  }
}

/** cosign encrypts with an empty passphrase where its user gives none. */
async function readSigstoreKey(text: string, label: string, settings: KeyFile): Promise<KeyObject> {
  const { file, passphrase } = settings;
  const [, body = ''] = text.split(`-----BEGIN ${label}-----`);
  const [base64 = ''] = body.split('-----END');
  const opened = await openSigstoreKey(Buffer.from(base64, 'base64'), passphrase ?? '');
  if (opened === 'locked' && passphrase === undefined)
    throw wrong(`the key ${file} is encrypted, and there is no passphrase for it`, passphraseHint);
  if (opened === 'locked') throw locked(file);
  if (opened === 'malformed')
    throw wrong(`${file} says that it holds a key of cosign, and what it holds is damaged`);
  if (opened === 'unsupported')
    throw wrong(
      `the key ${file} is encrypted in a way that armload does not know`,
      'cosign import-key-pair --key KEY.pem encrypts a PEM key in the way that is known.',
    );
  try {
    return createPrivateKey({ key: Buffer.from(opened), format: 'der', type: 'pkcs8' });
  } catch {
    throw wrong(`the key ${file} opens with its passphrase, and holds no private key that can be read`);
  }
}

function locked(file: string): UsageError {
  return wrong(
    `the key ${file} does not open with the passphrase that was given: it is another one, or the file is damaged`,
  );
}

function wrong(sentence: string, hint?: string, cause?: unknown): UsageError {
  return new UsageError('CONFIG', sentence, { hint, cause });
}
