// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so expressions are written in recipes
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindTemplate, formatTemplate, parseTemplate } from '../document/template.ts';
import { resolve, resolvePath, secretsIn } from './resolve.ts';
import { scopeOf } from './scope.test-support.ts';

const digest = 'c'.repeat(64);
const scope = scopeOf({
  secrets: { token: 'sesame' },
  sources: { proxy: { path: 'istio/proxy', commit: 'b'.repeat(40), content: 'd'.repeat(40) } },
  steps: {
    build: {
      values: { version: '1.2', constructor: 'own' },
      files: { envoy: { path: 'out/envoy', sha256: digest } },
      images: { pilot: { reference: 'istio/pilot:x', id: `sha256:${digest}` } },
    },
  },
});
const secrets = new Set(['token']);

function resolved(text: string): string {
  return resolve(parseTemplate(text, secrets), scope);
}

describe('a text with holes', () => {
  it('is filled with what sources, steps, the host and the run are', () => {
    expect(resolved('v${{ steps.build.values.version }}-${{ host.architecture }}')).toBe('v1.2-arm64');
    expect(resolved('${{ sources.proxy.path }}@${{sources.proxy.commit}}')).toBe(
      `istio/proxy@${'b'.repeat(40)}`,
    );
    expect(resolved('${{ steps.build.files.envoy }} ${{ steps.build.files.envoy.sha256 }}')).toBe(
      `out/envoy ${digest}`,
    );
    expect(resolved('${{ steps.build.images.pilot }} ${{ steps.build.images.pilot.id }}')).toBe(
      `istio/pilot:x sha256:${digest}`,
    );
    expect(resolved('${{ run.id }}${{ host.cpus }}')).toBe('r18');
    expect(resolved('Bearer ${{ parameters.token }}')).toBe('Bearer sesame');
  });

  it('tells what has no value, and why', () => {
    expect(() => resolved('${{ steps.gone.values.x }}')).toThrow(
      /"steps.gone.values.x" has no value.*left out/,
    );
    expect(() => resolved('${{ steps.build.values.x }}')).toThrow(/didn't give it/);
    expect(() => resolved('${{ steps.build.values.toString }}')).toThrow(/didn't give it/);
    expect(() => resolved('${{ sources.x.commit }}')).toThrow(/not there yet/);
    expect(() => resolved('${{ parameters.other }}')).toThrow(/no such thing/);
    expect(resolved('${{ steps.build.values.constructor }}')).toBe('own');
  });

  it('tells its secrets', () => {
    expect(
      secretsIn(parseTemplate('a${{ parameters.token }}${{ parameters.token }}${{ host.os }}', secrets)),
    ).toEqual(['token']);
  });

  it('has paths below the workspace, whatever its values are', () => {
    const at = (version: string) =>
      resolvePath(
        parseTemplate('out//${{ steps.s.values.v }}/x'),
        scopeOf({ steps: { s: { values: { v: version }, files: {}, images: {} } } }),
      );
    expect(at('1')).toBe('out/1/x');
    expect(() => at('../..')).toThrow(/leads out/);
    expect(() => resolvePath(parseTemplate('${{ steps.build.values.version }}'), scope)).not.toThrow();
  });

  it('is written and read again as the same, and what is filled in is never read', () => {
    const part = fc.oneof(
      fc.string().filter((text) => !text.includes('$')),
      fc.constantFrom('${{ host.os }}', '${{ steps.a.values.b }}', '$', '${', '}}'),
    );
    fc.assert(
      fc.property(fc.array(part), fc.string(), (parts, value) => {
        const text = parts.join('|');
        const template = parseTemplate(text);
        expect(formatTemplate(template)).toBe(text);
        const hostile = `\${{ ${value}`;
        expect(formatTemplate(bindTemplate(template, () => hostile))).toBe(
          text.replaceAll(/\$\{\{ (?:host\.os|steps\.a\.values\.b) \}\}/g, () => hostile),
        );
      }),
    );
  });
});
