/** One thing that went wrong, or could not be done, while reading a file. */
export interface Problem {
  /**
   * `malformed`: the bytes contradict their format. `truncated`: the file ends before something it announces. `limit`: a
   * bound was reached and the rest was not read. `unsupported`: a format or method that is not opened. `hidden`: an archive
   * shows different content to different readers. `incomplete`: something passed by before it was known to be wanted.
   */
  readonly kind: 'malformed' | 'truncated' | 'limit' | 'unsupported' | 'hidden' | 'incomplete';
  /** The part of the file, such as `central directory`. */
  readonly where: string;
  readonly message: string;
  /** Path inside the archive; absent where it is the file itself. */
  readonly path?: string;
}

/** A machine by its number in the file's format and its usual name; numbers without one are named `unknown`. */
export interface MachineName {
  readonly code: number;
  readonly name: string;
}

/** What could not be read of an ELF file; facts that would come from it are absent because unknown, not because there are none. */
export type ElfPart =
  | 'program-headers'
  | 'section-headers'
  | 'interpreter'
  | 'dynamic'
  | 'dynamic-strings'
  | 'versions-needed'
  | 'versions-given'
  | 'notes'
  | 'go-build-info';

/**
 * How the file comes to run. `dynamic` has an interpreter (a C library may have one too), `static-pie` relocates itself,
 * `debug-only` holds symbols split off from a program, `unknown` where the parts that decide could not be read.
 */
export type Linkage =
  | 'dynamic'
  | 'static'
  | 'static-pie'
  | 'shared-library'
  | 'object'
  | 'core'
  | 'debug-only'
  | 'unknown';

export interface LibraryVersions {
  /** The library as the version table names it, such as `libc.so.6`. */
  readonly library: string;
  /** Such as `GLIBC_2.34`. */
  readonly versions: readonly string[];
  /** Those of `versions` that the loader does without. */
  readonly weak?: readonly string[];
}

/** The segments to load, as far as page size goes. Alignments in bytes. */
export interface LoadFacts {
  readonly count: number;
  readonly minAlign: number;
  readonly maxAlign: number;
  /** Every segment's file offset equals its address modulo its alignment. */
  readonly congruent: boolean;
}

/** What the Go linker writes into a program (Go's `debug/buildinfo`). */
export interface GoFacts {
  /** Such as `go1.22.5`. */
  readonly version: string;
  /** Package of `main`. */
  readonly path?: string;
  readonly module?: { readonly path: string; readonly version: string; readonly sum?: string };
  /** Number of modules it depends on. */
  readonly dependencies: number;
  /** Dependencies taken from elsewhere, `path version => path version`, at most 32. */
  readonly replaced?: readonly string[];
  /** Build settings: `GOARCH`, `GOARM64`, `CGO_ENABLED`, `-ldflags`, `vcs.revision` and so on. */
  readonly settings: readonly (readonly [key: string, value: string])[];
  /** The module information as it stands there, a line for each thing; absent where it has more than 128 KiB. */
  readonly text?: string;
  /** Bytes of the sections `.text`, `.rodata`, `.data` and `.noptrdata`, by name; absent where the file names none. */
  readonly sections?: Readonly<Record<string, number>>;
}

/**
 * Atomic instructions of an aarch64 file. `outline`: chosen at run time, runs everywhere. `lse`: only Armv8.1 atomics seen,
 * none guarded. `exclusive`: only the old load/store-exclusive loops. `none`: all code read, no atomics. A hint: data between
 * the code may look like instructions, so anything not clear is `unknown`.
 */
export interface AtomicsFacts {
  readonly style: 'outline' | 'lse' | 'exclusive' | 'none' | 'unknown';
  /** Counts in the scanned code: LSE instructions without and with a run-time check before them, exclusive loads. */
  readonly lse: number;
  readonly guarded: number;
  readonly exclusive: number;
  /** Bytes of code scanned, and of code there is. */
  readonly scanned: number;
  readonly code: number;
}

export interface ElfFacts {
  readonly bits: 32 | 64;
  readonly endian: 'little' | 'big';
  readonly type: 'none' | 'relocatable' | 'executable' | 'shared' | 'core' | 'other';
  readonly osAbi: string;
  readonly machine: MachineName;
  /** Processor-specific `e_flags`. */
  readonly flags: number;
  /** The Go name of the architecture (`arm64`), absent where it has none. */
  readonly architecture?: string;
  readonly linkage: Linkage;
  readonly interpreter?: string;
  readonly needed: readonly string[];
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
  readonly versionsNeeded?: readonly LibraryVersions[];
  readonly versionsGiven?: readonly string[];
  readonly loads?: LoadFacts;
  /** Hexadecimal. */
  readonly buildId?: string;
  readonly go?: GoFacts;
  readonly atomics?: AtomicsFacts;
  /** Holds jemalloc, whose page size is fixed when it is built. */
  readonly jemalloc?: true;
  /** Compressed by a packer: linkage and libraries are the packer's, not the program's. */
  readonly packer?: 'upx';
  readonly incomplete?: readonly ElfPart[];
}

export interface PeFacts {
  /** The number as written; for ReadyToRun images of other systems it is mixed with a constant of the system. */
  readonly machine: MachineName;
  readonly architecture?: string;
  /** The system a ReadyToRun image was compiled for. */
  readonly os: 'windows' | 'linux' | 'darwin' | 'freebsd' | 'netbsd' | 'sunos' | 'efi';
  /**
   * `none`: native code only. `il`: intermediate language only, runs on any machine. `ready-to-run`: intermediate language
   * with native code beside it. `mixed`: both, and not one without the other. `unknown`: the part that says it was not read.
   */
  readonly managed: 'none' | 'il' | 'ready-to-run' | 'mixed' | 'unknown';
}

export interface MachOFacts {
  readonly fat: boolean;
  readonly machines: readonly MachineName[];
}

export interface WasmFacts {
  readonly form: 'module' | 'component' | 'aot';
  /** Names of custom sections, at most 64. */
  readonly customSections: readonly string[];
  /** Sections that hold code compiled for a machine, known by their names (proxy-wasm: `precompiled_…_linux_x86_64`). */
  readonly precompiled: readonly {
    readonly section: string;
    readonly architecture: string;
    readonly bytes: number;
  }[];
}

/** A static library: its members are counted, not listed. */
export interface LibraryFacts {
  readonly members: number;
  readonly machines: readonly {
    readonly machine: MachineName;
    readonly architecture?: string;
    readonly members: number;
  }[];
}

export type ArchiveFormat = 'zip' | 'tar' | 'gzip' | 'deb';

export interface ArchiveFacts {
  readonly format: ArchiveFormat;
  /** Entries seen. */
  readonly entries: number;
  /** Entries whose content was not looked at because a JVM loads no machine code from such names (`.class`). */
  readonly skippedByName?: number;
  /** What Maven packed into it, `group:artifact` by the names of its `pom.properties`, at most 16. */
  readonly maven?: readonly string[];
}

export interface ScriptFacts {
  /** As written after `#!`. */
  readonly interpreter: string;
  /** The one argument Linux passes on: everything behind the interpreter. */
  readonly argument?: string;
  /** The program that `env` is asked to find, with its arguments (`env -S` split as env does). */
  readonly program?: readonly string[];
  /**
   * Lines that name paths or downloads of x86 machines in a script that knows of no other: at most 16, each without control
   * characters and of at most 200 characters, `…` where it was cut. Of scripts up to 256 KiB that are no part of an archive.
   */
  readonly mentions?: readonly { readonly line: number; readonly text: string }[];
}

/** An ELF header at an offset other than 0. */
export interface EmbeddedElf {
  readonly offset: number;
  readonly bits: 32 | 64;
  readonly endian: 'little' | 'big';
  readonly type: ElfFacts['type'];
  readonly machine: MachineName;
  readonly architecture?: string;
}

/** A file inside an archive that holds machine code. */
export interface NestedFile {
  /** From the outer archive inwards, joined by `!/`: `app.jar!/lib/x.jar!/linux/libx.so`. */
  readonly path: string;
  readonly facts: FileFacts;
}

export type FileContent =
  | { readonly kind: 'empty' }
  | { readonly kind: 'text' }
  | { readonly kind: 'data' }
  | { readonly kind: 'java-class' }
  | { readonly kind: 'elf'; readonly elf: ElfFacts }
  | { readonly kind: 'pe'; readonly pe: PeFacts }
  | { readonly kind: 'macho'; readonly macho: MachOFacts }
  | { readonly kind: 'wasm'; readonly wasm: WasmFacts }
  | { readonly kind: 'library'; readonly library: LibraryFacts }
  | { readonly kind: 'script'; readonly script: ScriptFacts }
  | { readonly kind: 'archive'; readonly archive: ArchiveFacts }
  /** A container that is recognised and not opened: `xz`, `zstd`, `rpm`, `squashfs`, `java-cds` and so on. */
  | { readonly kind: 'unopened'; readonly format: string }
  /** LLVM bitcode: for a target, but not machine code yet. */
  | { readonly kind: 'bitcode' };

/** What one file is. Plain data: it crosses threads and is kept on disk. */
export type FileFacts = FileContent & {
  /** At most 32. */
  readonly embedded?: readonly EmbeddedElf[];
  /** Embedded ELF headers beyond those listed. */
  readonly embeddedOmitted?: number;
  /** Files inside that hold machine code, at most 1,000. */
  readonly nested?: readonly NestedFile[];
  readonly nestedOmitted?: number;
  /** At most 32. */
  readonly problems?: readonly Problem[];
  readonly problemsOmitted?: number;
};
