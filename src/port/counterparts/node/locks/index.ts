export { findLocked } from './find-locked.ts';
export { changedLock, type LockChange } from './hidden-lock.ts';
