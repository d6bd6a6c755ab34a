/** Architectures by their Go names that images can be tried for, with their `e_machine`. */
const machines: Readonly<Record<string, number>> = { amd64: 62, arm64: 183 };

export function isTriable(architecture: string): boolean {
  return Object.hasOwn(machines, architecture);
}

/** What the known good program is given and ends with: its number of words, itself included. */
export const knownGoodWords: readonly string[] = ['/probe', 'two', 'three', 'four', 'five', 'six', 'seven'];

/**
 * A program that is right for certain: it ends with the number of its words as status. A means that doesn't run it, or
 * mixes up its words, proves nothing about an image.
 */
export function knownGood(architecture: string): Uint8Array {
  const code =
    architecture === 'arm64'
      ? arm64([
          0xf940_03e0, // ldr x0, [sp]
          0xd280_0ba8, // mov x8, #93 (exit)
          0xd400_0001, // svc #0
        ])
      : amd64([
          [0x8b, 0x3c, 0x24], // mov edi, [rsp]
          [0xb8, 0x3c, 0, 0, 0], // mov eax, 60 (exit)
          [0x0f, 0x05], // syscall
        ]);
  return elf(architecture, code);
}

/** What `starter` writes once it runs; behind it, one byte with the error number if the kernel refuses the program. */
export const startedMark = 's';

/**
 * The first program in the image's root: `starter NAME=value... '' PROGRAM WORD...` becomes PROGRAM with that
 * environment. Host programs before it, whose own loader would obey an LD_PRELOAD of the image, never see it. Descriptor
 * 3, to which it reports, is closed for PROGRAM.
 */
export function starter(architecture: string): Uint8Array {
  return elf(architecture, architecture === 'arm64' ? arm64Starter() : amd64Starter());
}

function arm64Starter(): Uint8Array {
  const write = [
    0xd280_0060, // mov x0, #3
    0x9100_03e1, // mov x1, sp
    0xd280_0022, // mov x2, #1
    0xd280_0808, // mov x8, #64 (write)
    0xd400_0001, // svc #0
  ];
  return arm64([
    0xd280_0060, // mov x0, #3
    0xd280_0041, // mov x1, #2 (F_SETFD)
    0xd280_0022, // mov x2, #1 (FD_CLOEXEC)
    0xd280_0328, // mov x8, #25 (fcntl)
    0xd400_0001, // svc #0
    0xd280_0e63, // mov x3, #'s'
    0xf900_03e3, // str x3, [sp]
    ...write,
    0x9100_43e2, // add x2, sp, #16: the first word behind our name is the environment's start
    0xaa02_03e1, // mov x1, x2
    0xf840_8420, // ldr x0, [x1], #8: looks for the empty word
    0x3940_0003, // ldrb w3, [x0]
    0x35ff_ffc3, // cbnz w3, -8
    0xf81f_803f, // stur xzr, [x1, #-8]: ends the environment there
    0xf940_0020, // ldr x0, [x1]: the program
    0xd280_1ba8, // mov x8, #221 (execve)
    0xd400_0001, // svc #0
    0xcb00_03e0, // neg x0, x0
    0xf900_03e0, // str x0, [sp]
    ...write,
    0xd280_0020, // mov x0, #1
    0xd280_0ba8, // mov x8, #93 (exit)
    0xd400_0001, // svc #0
  ]);
}

function amd64Starter(): Uint8Array {
  const write = [
    [0xbf, 3, 0, 0, 0], // mov edi, 3
    [0x48, 0x89, 0xe6], // mov rsi, rsp
    [0xba, 1, 0, 0, 0], // mov edx, 1
    [0xb8, 1, 0, 0, 0], // mov eax, 1 (write)
    [0x0f, 0x05], // syscall
  ];
  return amd64([
    [0xbf, 3, 0, 0, 0], // mov edi, 3
    [0xbe, 2, 0, 0, 0], // mov esi, 2 (F_SETFD)
    [0xba, 1, 0, 0, 0], // mov edx, 1 (FD_CLOEXEC)
    [0xb8, 72, 0, 0, 0], // mov eax, 72 (fcntl)
    [0x0f, 0x05], // syscall
    [0x48, 0xc7, 0x04, 0x24, 0x73, 0, 0, 0], // mov qword ptr [rsp], 's'
    ...write,
    [0x48, 0x8d, 0x54, 0x24, 0x10], // lea rdx, [rsp + 16]: the first word behind our name is the environment's start
    [0x48, 0x89, 0xd6], // mov rsi, rdx
    [0x48, 0x8b, 0x3e], // mov rdi, [rsi]: looks for the empty word
    [0x48, 0x83, 0xc6, 0x08], // add rsi, 8
    [0x80, 0x3f, 0], // cmp byte ptr [rdi], 0
    [0x75, 0xf4], // jne -12
    [0x48, 0xc7, 0x46, 0xf8, 0, 0, 0, 0], // mov qword ptr [rsi - 8], 0: ends the environment there
    [0x48, 0x8b, 0x3e], // mov rdi, [rsi]: the program
    [0xb8, 59, 0, 0, 0], // mov eax, 59 (execve)
    [0x0f, 0x05], // syscall
    [0xf7, 0xd8], // neg eax
    [0x50], // push rax
    ...write,
    [0xbf, 1, 0, 0, 0], // mov edi, 1
    [0xb8, 60, 0, 0, 0], // mov eax, 60 (exit)
    [0x0f, 0x05], // syscall
  ]);
}

/** What `refuser` says behind the path of the program. */
export const refusal =
  ": Exec format error (machine code of this host, which the image's platform can't run)\n";

/** Takes the place of a program that must not run: says so to standard error, and ends as shells do with 126. */
export function refuser(architecture: string): Uint8Array {
  const text = Buffer.from(refusal);
  const code = architecture === 'arm64' ? arm64Refuser(text.length) : amd64Refuser(text.length);
  return elf(architecture, Buffer.concat([code, text]));
}

function arm64Refuser(length: number): Uint8Array {
  return arm64([
    0xf940_0be1, // ldr x1, [sp, #16]: the path, which binfmt_misc puts behind our own name
    0x9280_0002, // mov x2, #-1: counts its length
    0x9100_0442, // add x2, x2, #1
    0x3862_6823, // ldrb w3, [x1, x2]
    0x35ff_ffc3, // cbnz w3, -8
    0xd280_0040, // mov x0, #2
    0xd280_0808, // mov x8, #64 (write)
    0xd400_0001, // svc #0
    0x1000_00e1, // adr x1, the text behind the code
    0xd280_0002 | (length << 5), // mov x2, length
    0xd280_0040, // mov x0, #2
    0xd400_0001, // svc #0
    0xd280_0fc0, // mov x0, #126
    0xd280_0ba8, // mov x8, #93 (exit)
    0xd400_0001, // svc #0
  ]);
}

function amd64Refuser(length: number): Uint8Array {
  return amd64([
    [0x48, 0x8b, 0x74, 0x24, 0x10], // mov rsi, [rsp + 16]: the path, which binfmt_misc puts behind our own name
    [0x48, 0xc7, 0xc2, 0xff, 0xff, 0xff, 0xff], // mov rdx, -1: counts its length
    [0x48, 0xff, 0xc2], // inc rdx
    [0x80, 0x3c, 0x16, 0], // cmp byte ptr [rsi + rdx], 0
    [0x75, 0xf7], // jne -7
    [0xbf, 2, 0, 0, 0], // mov edi, 2
    [0xb8, 1, 0, 0, 0], // mov eax, 1 (write)
    [0x0f, 0x05], // syscall
    [0x48, 0x8d, 0x35, 0x1d, 0, 0, 0], // lea rsi, the text behind the code
    [0xba, length, 0, 0, 0], // mov edx, length
    [0xbf, 2, 0, 0, 0], // mov edi, 2
    [0xb8, 1, 0, 0, 0], // mov eax, 1 (write)
    [0x0f, 0x05], // syscall
    [0xbf, 126, 0, 0, 0], // mov edi, 126
    [0xb8, 60, 0, 0, 0], // mov eax, 60 (exit)
    [0x0f, 0x05], // syscall
  ]);
}

function arm64(instructions: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * instructions.length);
  for (const [at, instruction] of instructions.entries()) bytes.writeUInt32LE(instruction >>> 0, 4 * at);
  return bytes;
}

function amd64(instructions: readonly (readonly number[])[]): Uint8Array {
  return Buffer.from(instructions.flat());
}

const headerBytes = 64;
const segmentBytes = 56;
const base = 0x40_0000n;

/** The smallest static ELF file (System V ABI, "Object Files"): headers, and one segment that holds everything. */
function elf(architecture: string, code: Uint8Array): Uint8Array {
  const machine = machines[architecture];
  if (machine === undefined) throw new RangeError(`there are no programs for ${architecture}`);
  const header = Buffer.alloc(headerBytes);
  header.write('7f454c46020101', 'hex');
  for (const [value, at] of [
    [2, 16], // ET_EXEC
    [machine, 18],
    [1, 20], // EV_CURRENT, whose upper half is zero
    [headerBytes, 52],
    [segmentBytes, 54],
    [1, 56],
  ] as const)
    header.writeUInt16LE(value, at);
  header.writeBigUInt64LE(base + BigInt(headerBytes + segmentBytes), 24);
  header.writeBigUInt64LE(BigInt(headerBytes), 32);
  const segment = Buffer.alloc(segmentBytes);
  const size = BigInt(headerBytes + segmentBytes + code.length);
  segment.writeUInt32LE(1, 0); // PT_LOAD
  segment.writeUInt32LE(5, 4); // readable, executable
  for (const [value, at] of [
    [base, 16],
    [base, 24],
    [size, 32],
    [size, 40],
    [0x1_0000n, 48],
  ] as const)
    segment.writeBigUInt64LE(value, at);
  return Buffer.concat([header, segment, code]);
}
