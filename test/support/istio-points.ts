import { inContainer } from './istio-world.ts';

export const istioBases = [
  ...['base', 'distroless', 'app_sidecar_base_ubuntu_xenial', 'app_sidecar_base_ubuntu_bionic'],
  ...['app_sidecar_base_ubuntu_focal', 'app_sidecar_base_debian_9', 'app_sidecar_base_debian_10'],
  ...['app_sidecar_base_centos_8', 'app_sidecar_base_centos_7'],
];
export const istioImages = ['pilot', 'proxyv2', 'install-cni', 'operator', 'istioctl'];

/**
 * Moments of a run, one for each step, and those before and after them: the calls that begin like that wait, and go on when
 * they're let go.
 */
export const istioPoints: readonly { readonly name: string; readonly call: string }[] = [
  { name: 'source.istio', call: 'git clone --no-checkout -- https://github.com/istio/istio.git' },
  { name: 'build-tools', call: 'docker build --platform linux/arm64 --target build-tools-proxy' },
  { name: 'proxy', call: inContainer },
  { name: 'binaries', call: 'go build' },
  { name: 'proxy-commit', call: 'git rev-parse HEAD' },
  { name: 'envoy', call: 'docker cp' },
  ...istioBases.map((base) => ({
    name: `bases/${base}`,
    call: `docker build --platform linux/arm64 --file docker/Dockerfile.base --build-arg name=${base} `,
  })),
  { name: 'containers', call: 'docker build --platform linux/arm64 --file docker/Dockerfile.operator' },
  { name: 'saving', call: 'docker image save' },
];
