export { bytesOf } from './bytes.ts';
export { openWheel, readWheel, type Wheel, type WheelFile } from './open-wheel.ts';
export { type StoredWheel, WheelStore } from './wheel-store.ts';
