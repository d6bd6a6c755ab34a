import { MessageChannel } from 'node:worker_threads';

/**
 * Makes a function that frees a buffer at once; the buffer is empty from then on. Left to the garbage collector, the megabytes
 * that stream by pile up until it comes, for it sees only the small objects that hold them, and each new one costs page faults.
 */
export function createRelease(): (buffer: ArrayBuffer) => void {
  // A port whose other end is closed throws away what it's sent, and the sender has it no more.
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return (buffer) => port1.postMessage(undefined, [buffer]);
}
