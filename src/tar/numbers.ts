/**
 * Reads a numeric header field: octal digits padded with spaces or NULs (POSIX pax, "ustar Interchange Format"), or
 * GNU's base-256, big-endian two's complement below the marker bit. `undefined` where the field is neither, or the
 * number is beyond 2^53.
 */
export function decodeNumber(field: Uint8Array): number | undefined {
  return ((field[0] ?? 0) & 0x80) === 0 ? decodeOctal(field) : decodeBase256(field);
}

function decodeOctal(field: Uint8Array): number | undefined {
  let index = 0;
  while (index < field.length && isPadding(field[index])) index++;
  let value = 0;
  for (; index < field.length && !isPadding(field[index]); index++) {
    const digit = (field[index] ?? 0) - 0x30;
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
