import { bootCommand, bootInput } from '../protocol/boot.ts';
import { childCall } from '../protocol/child-call.ts';
import type { Call, CallEnd, Interruption, OpenCall, Transport } from '../protocol/transport.ts';
import { explainDocker } from './client.ts';
import { type ContainerPlan, containerName, provideContainer } from './container.ts';

/** A container of a Docker engine, which may be far away. */
export class DockerTransport implements Transport {
  readonly sharesFiles = false;
  readonly #plan: ContainerPlan;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(plan: ContainerPlan, environment: Readonly<Record<string, string | undefined>>) {
    this.#plan = plan;
    this.#environment = environment;
  }

  open(call: Call): OpenCall {
    const words = ['exec', '--interactive', containerName(this.#plan.run), ...bootCommand(call)];
    const open = childCall(
      { program: 'docker', words, environment: this.#environment, detached: true },
      call,
    );
    open.stdin.write(bootInput(call));
    return open;
  }

  explain(end: CallEnd): Interruption {
    return explainDocker(`the container ${containerName(this.#plan.run)}`, end);
  }

  connect({ signal }: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    return provideContainer({ environment: this.#environment, signal }, this.#plan);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
