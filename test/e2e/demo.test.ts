import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';

test('the demo runs to its end without network, from any folder', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'armload-demo-e2e-'));
  try {
    const { code, stdout, stderr } = await runCommand(['demo'], { cwd: directory });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\d+ images: .* · exit 1: something is not ready/);
    expect(stdout).not.toContain('\u001b');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
