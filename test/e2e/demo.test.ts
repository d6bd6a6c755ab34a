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
    // What was missing is ported, refused with a reason, lifted, and ready in the end.
    expect(stdout).toMatch(/missing: registry\.shop\.example\/billing:3\.0/);
    expect(stdout).toMatch(/^ {2}planned · /m);
    expect(stdout).toMatch(/^published {2}registry\.shop\.example\/billing:3\.0 {2}linux\/arm64$/m);
    expect(stdout).toMatch(/^ {2}refused {2}\/usr\/bin\/maild\n.*machine code for linux\/amd64/m);
    expect(stdout).toMatch(/2 images: 2 ready · exit 0/);
    expect(stdout).toMatch(/2 images: 2 right · exit 0/);
    expect(stdout).not.toContain('\u001b');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
