/**
 * Reads a numeric header field, `block[start]` to before `block[end]`: octal digits padded with spaces or NULs (POSIX
 * pax, "ustar Interchange Format"), or GNU's base-256, big-endian two's complement below the marker bit. `undefined`
 * where the field is neither, or the number is beyond 2^53.
 */
export function decodeNumber(block: Uint8Array, start: number, end: number): number | undefined {
  return ((block[start] ?? 0) & 0x80) === 0
    ? decodeOctal(block, start, end)
    : decodeBase256(block.subarray(start, end));
}

function decodeOctal(block: Uint8Array, start: number, end: number): number | undefined {
  let index = start;
  while (index < end && isPadding(block[index])) index++;
  let value = 0;
  for (; index < end && !isPadding(block[index]); index++) {
    const digit = (block[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return undefined;
    value = value * 8 + digit;
  }
  return value;
}

function isPadding(byte: number | undefined): boolean {
  return byte === 0 || byte === 0x20;
}

function decodeBase256(field: Uint8Array): number | undefined {
  const negative = ((field[0] ?? 0) & 0x40) !== 0;
  let value = 0n;
  for (const [index, byte] of field.entries()) {
    const bits = negative ? byte ^ 0xff : byte;
    value = (value << 8n) | BigInt(index === 0 ? bits & 0x7f : bits);
  }
  const number = Number(negative ? -value - 1n : value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Octal digits that fill the field but for a closing NUL; `undefined` where the number doesn't fit. */
export function encodeOctal(value: number, width: number): string | undefined {
  if (!Number.isSafeInteger(value) || value < 0) return undefined;
  const digits = value.toString(8);
  return digits.length < width ? `${digits.padStart(width - 1, '0')}\0` : undefined;
}
