import { defineConfig } from 'vitest/config';

// Real parts: Debian's docker-registry, skopeo, buildah, a whole arm64 Debian. One file at a time, they share ports and
// disk.
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    globalSetup: ['test/support/shared-folder.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
});
