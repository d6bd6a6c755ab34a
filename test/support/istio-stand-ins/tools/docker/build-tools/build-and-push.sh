#!/usr/bin/env bash
# Stands in for istio/tools: makes the two images that the rest is built in, and pushes them unless it's told not to.
set -euo pipefail

if [ "${DRY_RUN:-}" != 1 ]; then
  echo 'without DRY_RUN=1 the images would be pushed' >&2
  exit 2
fi
for target in build-tools build-tools-proxy; do
  DOCKER_BUILDKIT=1 docker build --platform linux/arm64 --target "$target" \
    --tag "gcr.io/istio-testing/$target:master-latest" .
done
