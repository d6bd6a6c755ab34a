import { describe, expect, test } from 'vitest';
import { configSchema } from './config-schema.ts';
import { languageSettings } from './port-languages.ts';

function settingsOf(port: unknown, allowUpgrade?: boolean) {
  const values = configSchema.parse({ port });
  const config = { values, file: 'armload.yaml', directory: '/' } as Parameters<typeof languageSettings>[1];
  return languageSettings(
    { attach: true, cache: true, ...(allowUpgrade !== undefined && { allowUpgrade }) },
    config,
  );
}

describe('where parts of programs in Java, .NET and Ruby come from', () => {
  test('is what the configuration says, and nothing where it says nothing', () => {
    expect(settingsOf({})).toEqual({});
    expect(
      settingsOf({
        java: { repositories: ['https://packages.example/maven/'], allowUpgrade: true },
        dotnet: { sources: ['https://packages.example/v3/index.json'] },
        ruby: { sources: ['https://gems.example/'] },
      }),
    ).toEqual({
      java: { repositories: ['https://packages.example/maven/'], allowUpgrade: true },
      dotnet: { sources: ['https://packages.example/v3/index.json'] },
      ruby: { sources: ['https://gems.example/'] },
    });
  });

  test('newer jars are taken where the command line asks for newer packages', () => {
    expect(settingsOf({}, true)).toEqual({ java: { allowUpgrade: true } });
  });

  test.each(['java.repositories', 'dotnet.sources', 'ruby.sources'])('%s takes addresses alone', (member) => {
    const [language = '', list = ''] = member.split('.');
    expect(() => settingsOf({ [language]: { [list]: ['packages.example'] } })).toThrow(
      `armload.yaml: port.${member} "packages.example" is not an http or https address`,
    );
  });
});
