import type { PortOptions } from '../options.ts';
import type { Origin } from '../origin-types.ts';
import { apkOrigin } from './apk/index.ts';
import { baseOrigin } from './base/index.ts';
import { debianOrigin } from './debian/origin.ts';
import { dotnetOrigin } from './dotnet/index.ts';
import { goOrigin } from './go/index.ts';
import { javaOrigin } from './java/index.ts';
import { nodeOrigin } from './node/index.ts';
import { pythonOrigin } from './python/index.ts';
import { releaseOrigin } from './release/index.ts';
import { rpmOrigin } from './rpm/index.ts';
import { rubyOrigin } from './ruby/index.ts';

/** The origins of a port, in the order they are asked: what a person says comes first, then the base, then packages. */
export function originsFor(options: PortOptions): readonly Origin[] {
  const { replacements = [], debian, python, cwd = process.cwd(), environment = process.env } = options;
  return [
    releaseOrigin(replacements, { cwd, environment }),
    baseOrigin(),
    debianOrigin(debian),
    apkOrigin(options.apk),
    rpmOrigin(options.rpm),
    pythonOrigin(python, { environment }),
    // Before programs of Go: some of Node's packages are one.
    nodeOrigin(options.node, { environment }),
    javaOrigin(options.java, { environment }),
    dotnetOrigin(options.dotnet, { environment }),
    rubyOrigin(options.ruby, { environment }),
    goOrigin(options.go, { environment, cwd }),
  ];
}
