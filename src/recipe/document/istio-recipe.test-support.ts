/** A recipe much like the one that people once followed by hand for Istio on arm64. */
export const istioRecipe = `schemaVersion: 1
kind: recipe
name: istio-from-source
title: Istio's images for arm64
product: istio
versions: '>=1.10 <1.15'
links:
  - https://github.com/istio/istio
parameters:
  proxy-commit: { type: commit, default: b3ba3a91e80939fbbb65ec998d812b422b3afefb }
  version: { default: master-latest, pattern: '[a-z0-9.-]+' }
  channel: { default: stable, oneOf: [stable, edge] }
  github-token: { type: secret, default: GITHUB_TOKEN }
requires:
  os: linux
  architecture: arm64
  cpus: 4
  memory: 16GiB
  disk: 60GiB
  tools:
    - name: git
    - name: make
    - name: go
      version: '>=1.16.5'
      command: [go, version]
      why: the Go binaries are built with it
      get:
        - title: Go from its archive
          when: host.id == 'ubuntu' || host.id == 'debian'
          run: |
            curl -fsSLO https://go.example/go1.16.5.linux-arm64.tar.gz
            tar -C /usr/local -xzf go1.16.5.linux-arm64.tar.gz
    - name: docker
      version: '>=20.10'
      get:
        - when: host.id == 'ubuntu'
          run: |
            apt-get install -y docker-ce
            usermod -a -G docker "$USER"
          newSession: true
environment:
  IMAGE_VERSION: \${{ parameters.version }}
environments:
  release:
    IMAGE_TAG: \${{ parameters.version }}
    DOCKER_ARCHITECTURES: linux/arm64
    TARGETARCH: arm64
    HUBS: gcr.example/istio-release
    PROXY_REPO_SHA: \${{ sources.proxy.commit }}
passEnvironment: [HTTPS_PROXY]
sources:
  istio:
    git: https://github.com/istio/istio.git
    commit: 49dfd655557fa5e1f678d6c18761603ceddcb1f8
    branch: master
    path: istio/istio
  proxy:
    git: https://github.com/istio/proxy.git
    commit: \${{ parameters.proxy-commit }}
    branch: master
    path: istio/proxy
  tools:
    git: https://github.com/istio/tools.git
    ref: release-1.10
    path: istio/tools
steps:
  build-tools:
    title: Build the containers that build
    workdir: istio/tools/docker/build-tools
    run: [./build-and-push.sh]
    environment:
      DRY_RUN: '1'
      GITHUB_TOKEN: \${{ parameters.github-token }}
    timeout: 1h
    expected: { time: 15m, on: m6g.4xlarge, note: little of it is parallel }
    outputs:
      images:
        build: { reference: 'gcr.io/istio-testing/build-tools-proxy:master-latest' }
  envoy:
    resources: { cpus: 16, memory: 32GiB }
    run:
      - docker
      - run
      - --rm
      - -v
      - '\${{ sources.proxy.path }}:/work'
      - \${{ steps.build-tools.images.build }}
      - make
      - build
    expected: { time: 20m, on: m6g.16xlarge, cpus: 64 }
    outputs:
      files:
        envoy: { path: istio/proxy/bazel-bin/src/envoy/envoy, machine: arm64 }
  binaries:
    needs: []
    workdir: istio/istio
    run: TARGET_ARCH=arm64 make build
    retries: 1
    outputs:
      values: [goos]
  place-envoy:
    needs: [binaries]
    environments: [release]
    environment:
      ENVOY: \${{ steps.envoy.files.envoy }}
    run: |
      mkdir -p istio/istio/out/linux_arm64/release
      cp "$ENVOY" "istio/istio/out/linux_arm64/release/envoy-$PROXY_REPO_SHA"
  bases:
    foreach:
      target: [dockerx.base, dockerx.distroless, dockerx.app_sidecar_base_ubuntu_focal]
    when: parameters.channel == 'stable'
    environments: [release]
    workdir: istio/istio
    run: [make, '\${{ foreach.target }}']
  images:
    environments: [release]
    environment: { HUBS: istio }
    workdir: istio/istio
    network: none
    run: [make, dockerx]
    outputs:
      images:
        pilot: { reference: 'istio/pilot:\${{ parameters.version }}' }
        proxy: { reference: 'istio/proxyv2:\${{ parameters.version }}', platform: linux/arm64/v8 }
verify:
  - file: \${{ steps.envoy.files.envoy }}
    machine: arm64
  - image: \${{ steps.images.images.pilot }}
  - title: Envoy says its version
    version:
      run: ['\${{ steps.envoy.files.envoy }}', --version]
      matches: '\${{ parameters.proxy-commit }}/'
publish:
  - image: \${{ steps.images.images.pilot }}
    name: istio/pilot
    tag: \${{ parameters.version }}
  - image: \${{ steps.images.images.proxy }}
    name: istio/proxyv2
`;
