import { expect, test } from 'vitest';
import { readProbe } from './probe.ts';

const full = `os Linux
machine aarch64
kernel 5.15.0-1051-aws
user builder
cpus 16
memory-kib 65536
disk my disk 1000 400 600 40% /srv/build s
ID "ubuntu"
VERSION_ID '20.04'
emulates qemu-x86_64
emulates qemu-aarch64
emulates qemu-arm
emulates python3.11
emulates cli
isolation mapped
`;

test('a probe is read, in the words of OCI', () => {
  expect(readProbe(full)).toEqual({
    isolation: 'mapped',
    facts: {
      os: 'linux',
      architecture: 'arm64',
      emulates: ['amd64', 'arm'],
      id: 'ubuntu',
      version: '20.04',
      kernel: '5.15.0-1051-aws',
      cpus: 16,
      memory: 64 * 1024 ** 2,
      disk: 600 * 1024,
      user: 'builder',
      isolatesNetwork: true,
    },
  });
});

test('what a place does not say is empty, and never more than that', () => {
  expect(readProbe('machine vax\nisolation magic\ncpus many\n')).toMatchObject({
    isolation: undefined,
    facts: { architecture: 'vax', cpus: 0, memory: 0, disk: 0, id: '', emulates: [], isolatesNetwork: false },
  });
});
