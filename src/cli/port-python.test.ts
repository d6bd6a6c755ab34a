import { describe, expect, test } from 'vitest';
import type { Config } from './config.ts';
import { pythonSettings } from './port-python.ts';

const flags = { cache: true, attach: true } as const;
const configOf = (indexes?: string[]): Config => ({
  file: 'own.yaml',
  directory: '/',
  values: indexes === undefined ? {} : { port: { python: { indexes } } },
});

describe('indexes of Python packages', () => {
  const [one, two] = ['https://one.example/simple', 'http://127.0.0.1:8080/two'];

  test('are those of the command line, else of the configuration, else nobody says', () => {
    expect(pythonSettings({ ...flags, pythonIndex: [one, two] }, configOf([two]))).toEqual({
      indexes: [one, two],
    });
    expect(pythonSettings(flags, configOf([two]))).toEqual({ indexes: [two] });
    expect(pythonSettings(flags, configOf())).toBeUndefined();
  });

  test.each(['packages.example', 'file:///srv/simple', 'https://', ''])(
    'are addresses, and "%s" is none',
    (url) => {
      expect(() => pythonSettings({ ...flags, pythonIndex: [url] }, configOf())).toThrow('--python-index');
      expect(() => pythonSettings(flags, configOf([url]))).toThrow('own.yaml: port.python.indexes');
    },
  );
});
