import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DebianError } from '../errors.ts';
import { bytesOf, piecesOf } from '../parts.test-support.ts';
import { unxz } from './unxz.ts';
import { storedXz } from './xz.test-support.ts';

const sentence = 'The quick brown fox jumps over the lazy dog. '.repeat(30);
const table = Array.from({ length: 200 }, (_, at) => {
  const line = at + 1;
  return `line ${line} of ${(line * 7919) % 1000} and ${line * line}\n`;
}).join('');

/** `sentence`, compressed by xz with each of its checks. */
const compressed = {
  none: [
    '/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4AVFADpdACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuz',
    'ZuPtN5jtkq3VJ0UIGqsyPgAAAAAAAU7GCgAAAN5C7/+oAAr8AgAAAAAAWVo=',
  ],
  crc32: [
    '/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AVFADpdACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuz',
    'ZuPtN5jtkq3VJ0UIGqsyPgAAAAAr8R9nAAFSxgoAAAA+gPuLPjANiwIAAAAAAVla',
  ],
  crc64: [
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AVFADpdACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuz',
    'ZuPtN5jtkq3VJ0UIGqsyPgAAAAAJpTz2BPz0uAABVsYKAAAAKMJqELHEZ/sCAAAAAARZWg==',
  ],
  sha256: [
    '/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4AVFADpdACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuz',
    'ZuPtN5jtkq3VJ0UIGqsyPgAAAACrQmwY3mejaOsNEAYoFWU31JHPwEHcNCG7yryBEyV9xwABbsYKAAAA6EdD+Lbp3xwCAAAA',
    'AApZWg==',
  ],
};
/** `table`, with other than the usual literal and position bits. */
const unusual = [
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4BM9BYvQADYaScZRAMRAbzPGGVm3bFmh82VJdZoOhsHmzk9fjchLfrozuuZ97Qbi',
  'gLpZBgqHIwMXX9bTm6R92TGOoJBiTBiNTo8jGGoHB5hIa4DuaiuhFoue5+X7weDuWAEkNikg6YOOGbQd0fRR58uyS6Lz6Esf',
  '7Bvg+LSWtLezJKhsW8lrOt2bof7UKFTnsuddo9HC3DvDmPVnDzmD5RFyEc++cRQooV+54nULKRHFCvLKdBM9AvTogPAuuxuE',
  'kOnhw9XmUToOB1T4fO/QuUmf+WQZTouy6ct7wE01BN0E3t7+liLrm1eqoHUcPTPYDi68KOGxypQZC29lOLrdYDcHHFNHpFbi',
  'U5aK0EExIlybKkrg2tljYkjWovpn6vYS+JyYxSoaSzH2AHYGed2bvU1tHBQkHzdV9Shme4R7dXBHYcXpcQ9Lgz8o8ZbPQJkh',
  'OOQdBHF6iOInwxY8g1GZI8Z/OMH8xBP0YzgQCyum9SWBvICuN6WZdDNn0jDT+o0BtZ+SkzMGZ06cIFvMIFB1iN5IC0ZacDaC',
  'ZgpdvV8hrn+rHU9/6vLvk6MFR9/bNaF1ntSY1VxiJZ7dbzeYtooFpFwa3SMrgdl7f1JKwJySeswFK9Vq1craHyP2Q87Jwv6p',
  '4Y/S5Rj/78YWq4GD/3nDx25/+KiOx/Y3GcRnR9MOGvySL/31zUs/cDGmOEaziEUllvQi+Qu6vqFNTI6F7c8Hl9+b8BOIFOqD',
  'Dqnvfg69K9cD5MYbe0WQtesjsQY4yh9QiW2D2eEYFnA98EuzihuIWymS0xzY9Xa5G3ho3qysQi3Im3ZeyMYJ+G51IpYUtkeJ',
  'N/cSBmLZVdKqQm8iutUrurW9PYV/yxpHSbkWshCQntkvEsf7QMHUcmrsICo+VqZE7SDkTkvD97UKieMI1lp0Q2PYHMaYcPM4',
  'vSzTJYT6UOZTk6mHGeh0z+nd+gnJNJ/9gQv0PWXvt8taVC8ldmvm/c23POuCzkvmIgmrHezjoVWjdDf2Va+KZKHOtp3mTke+',
  'lYapvWNvO65oGpFcCWOG/vuCUYm3ISFGVFX8Jug0H0ztOnMEgZrIWyMg2XXeMo5wMtK6nTBMCQOW9YXFk4WL9BlPDzeIu7mK',
  'v9DN2fTNH3zFsrEebfrjQpykD8ZckLv5sCLV6J0NPDQhrPBrUkt5SgtILCHQZ8amFS8KkJG2MDMKhWBWBJy/scCB/fFsiQ2a',
  'HeVYLUrG5K0AQD0HT7NZU6QuIxVRWg+HQss6tYSCDjJN2aT0t2GjmidJYtKykZ9mYscMNH1SaPfjcUwxkzY7uRuJfkf3ITto',
  'v/ougiECcKC3blomUTKn0og4MlY01JoxCRgwKKd3yv+NfhSCt0ARq80JOYEp2m98TvOAUk49J43iQc8mgxxL0UoLTsZEzMnv',
  'MlXMGjNORlGt6dveLsYNVJj/cLtp5FBN8LaLx9IXTMFn7ow5tUDBIGBMxgjRzK9YJUaYZMUVI6ZoBwIxDBOVglo+nqHj9K+0',
  'UeXkJnwj4U/Ml2P1ASd7HE+wj0R9a5LmQ9+8Iji0iYv1vXRvZqVhkEuAgU/2Q9+MSPMT4kdPOkiU35X4BpvK4k+c7WL5FxP0',
  'Oo23AqDwbtrvu6AMa+3E+fnpwHKsBa1cza7ROopAJUDREUl8+O8zKPKhmvDkzpVJR8MBW5ESDGKwMAtWvvw2iihhU05fKVE0',
  'DV1PjpurAP8Ok4WrVPKd0fZni9JcJrEb3xHAolxZv8cQpld0hPb9B17D0Hvwn3C9tMvXz3I+HsGwRIH9uVRFR3HbqcHlqfQ2',
  'YjMTz42OunihQlSjQ8PsozC4ZOx8iGyg9PrdBYgWh0irkxE9qNafjXFj0U2zQR6Hb2tNvwtTp/MfD44pkSRH7x/Tdwgvp8I8',
  'z/y/3YVlUMjRDgAAVgkrBLMHlyYAAacLviYAAGHH8XGxxGf7AgAAAAAEWVo=',
];

function decode(base64: readonly string[]): Buffer {
  return Buffer.from(base64.join(''), 'base64');
}

async function unpack(bytes: Uint8Array, pieceSize = 1000, dictionaryBytes?: number): Promise<Buffer> {
  return bytesOf(unxz(piecesOf(bytes, pieceSize), dictionaryBytes === undefined ? {} : { dictionaryBytes }));
}

async function failureOf(bytes: Uint8Array, dictionaryBytes?: number): Promise<DebianError> {
  const error = await unpack(bytes, 1000, dictionaryBytes).catch((thrown: unknown) => thrown);
  if (!(error instanceof DebianError)) throw new Error(`no DebianError: ${String(error)}`);
  return error;
}

describe('what xz wrote', () => {
  test.each(Object.entries(compressed))('unpacks, with the check %s', async (_check, base64) => {
    expect((await unpack(decode(base64))).toString()).toBe(sentence);
  });

  test('unpacks with any literal and position bits', async () => {
    expect((await unpack(decode(unusual))).toString()).toBe(table);
  });

  test('unpacks the same however it is cut into pieces', async () => {
    for (const size of [1, 2, 7, 64]) expect((await unpack(decode(unusual), size)).toString()).toBe(table);
  });

  test('any stored content comes back, in any number of blocks and streams', async () => {
    const stream = fc.record({
      content: fc.uint8Array({ maxLength: 300 }),
      blockBytes: fc.integer({ min: 1, max: 100 }),
    });
    const property = fc.asyncProperty(
      fc.array(stream, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 3 }),
      async (streams, padding) => {
        const parts = streams.flatMap(({ content, blockBytes }) => [
          storedXz(content, { blockBytes }),
          Buffer.alloc(4 * padding),
        ]);
        const whole = Buffer.concat(streams.map(({ content }) => content));
        expect((await unpack(Buffer.concat(parts))).equals(whole)).toBe(true);
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });

  test('content far larger than the dictionary comes back whole', async () => {
    const megabyte = randomBytes(1024 * 1024);
    const content = Buffer.concat(Array.from({ length: 12 }, () => megabyte));
    let size = 0;
    for await (const chunk of unxz(piecesOf(storedXz(content), 65_536))) {
      expect(Buffer.from(chunk).equals(content.subarray(size, size + chunk.length))).toBe(true);
      size += chunk.length;
    }
    expect(size).toBe(content.length);
  });
});

describe('damage', () => {
  test('no byte can be changed unnoticed', async () => {
    const good = decode(compressed.crc32);
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      const result = await unpack(bad).then(
        (bytes) => bytes.toString(),
        (error: unknown) => error,
      );
      expect(result, `byte ${at}`).toBeInstanceOf(DebianError);
    }
  });

  test('a cut at any place is noticed', async () => {
    const good = decode(compressed.crc64);
    for (let length = 0; length < good.length; length++)
      expect((await failureOf(good.subarray(0, length))).code).toBe('DEBIAN_MALFORMED');
  });

  test('what follows the last stream must be padding, in fours', async () => {
    const good = storedXz(Buffer.from('content'));
    expect((await failureOf(Buffer.concat([good, Buffer.from('rubbish')]))).message).toContain(
      'damaged at byte',
    );
    expect((await failureOf(Buffer.concat([good, Buffer.alloc(3)]))).message).toContain('3 bytes of padding');
    expect((await unpack(Buffer.concat([good, Buffer.alloc(8)]))).toString()).toBe('content');
  });

  test('random bytes behind a good start never hang or crash', async () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 400 }),
      fc.integer({ min: 12, max: 60 }),
      async (tail, keep) => {
        const bytes = Buffer.concat([decode(unusual).subarray(0, keep), tail]);
        expect(await failureOf(bytes)).toBeInstanceOf(DebianError);
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });
});

describe('limits', () => {
  test('a dictionary over the limit is refused before any memory is taken', async () => {
    const huge = storedXz(Buffer.from('x'), { dictionary: 40 });
    expect(await failureOf(huge)).toMatchObject({ code: 'DEBIAN_LIMIT' });
    expect((await unpack(storedXz(Buffer.from('x'), { dictionary: 28 }))).toString()).toBe('x');
    expect(await failureOf(storedXz(Buffer.from('x'), { dictionary: 28 }), 1024)).toMatchObject({
      code: 'DEBIAN_LIMIT',
    });
  });

  test('what is no xz at all is named so', async () => {
    expect((await failureOf(Buffer.from('Package: x\nVersion: 1\n'))).message).toContain(
      'no xz stream starts here',
    );
    expect((await failureOf(Buffer.alloc(0))).message).toContain('ends early');
  });

  test('the input is let go when the reader stops early', async () => {
    let closed = false;
    async function* input(): AsyncGenerator<Uint8Array> {
      try {
        yield* piecesOf(storedXz(randomBytes(300_000)), 1000);
      } finally {
        closed = true;
      }
    }
    for await (const _ of unxz(input())) break;
    expect(closed).toBe(true);
  });
});
