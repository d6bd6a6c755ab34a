export {
  readDirectory as readZipDirectory,
  type ZipDirectory,
  type ZipEntry,
} from './archive/zip-directory.ts';
export type {
  ArchiveFacts,
  AtomicsFacts,
  ElfFacts,
  ElfPart,
  EmbeddedElf,
  FileContent,
  FileFacts,
  GoFacts,
  LibraryFacts,
  LibraryVersions,
  Linkage,
  LoadFacts,
  MachineName,
  MachOFacts,
  NestedFile,
  PeFacts,
  Problem,
  ScriptFacts,
  WasmFacts,
} from './facts.ts';
export { type Inspector, inspectBytes, inspectFile } from './inspect.ts';
export { defaultLimits, type Limits } from './limits.ts';
export { holdsMachineCode, type MachineCode, machineCodeIn } from './machine-code.ts';
export { Scratch } from './scratch.ts';
