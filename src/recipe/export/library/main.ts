import { sh } from './sh.ts';

/** For who holds the script against shellcheck. */
export const checkerNote = sh`
# Values of expressions are set by name, some words are split on purpose, and texts of the recipe may hold any quotes:
# shellcheck disable=SC1007,SC1078,SC1079,SC2015,SC2016,SC2034,SC2046,SC2086,SC2154,SC2268
set -eu
`;

/** What a place that says little of itself is taken to say, as armload does. */
export const person = sh`
: "\${USER:=$(id -un 2>/dev/null)}" "\${HOME:=/}" "\${SHELL:=/bin/sh}"
: "\${LOGNAME:=$USER}"
`;

export const plainPlace = sh`
unset CDPATH
# Bytes are bytes.
LC_ALL=C
export LC_ALL
`;

/** What is done, by the words that the script is called with. */
export const commands = sh`
lock() { # one script at a time in a workspace; one that was killed holds nothing
  for attempt in 1 2; do
    if (set -C && printf '%s\n' "$$" >"$state/lock") 2>/dev/null; then
      trap 'rm -f "$state/lock"' EXIT
      return
    fi
    holder=
    { read -r holder <"$state/lock"; } 2>/dev/null || :
    if [ -z "$holder" ] || kill -0 "$holder" 2>/dev/null; then break; fi
    rm -f "$state/lock"
  done
  fail "another script (process \${holder:-unknown}) is at work in $workspace, as $state/lock says"
}
what=\${2:-all}
case $what in
  all | check | sources | step | verify | collect | publish) ;;
  *) fail "\"$what\" is none of all, check, sources, step, verify, collect, publish" ;;
esac
case \${1-}/$# in
  all/1 | check/1 | sources/1 | verify/1 | publish/1) fail "the workspace comes first: sh SCRIPT WORKSPACE $1" ;;
esac
mkdir -p -- "$workspace"
workspace=$(cd -- "$workspace" && pwd -P)
state=$workspace/.armload-export
mkdir -p "$state/sources" "$state/steps"
lock
[ -e "$state/run" ] || printf '%s-%s-%s\n' "$(date -u +%Y%m%d-%H%M%S)" "$recipe" "$$" >"$state/run"
read -r run__id <"$state/run"
read_host
recall() { # what is known of sources and steps; none is done
  for source in $sources; do recall_source "$source"; done
  only=/
  do_steps
}
finish() {
  if [ -n "\${PUBLISH_TO-}" ]; then publish; fi
  say "all is done, in $workspace"
}
case $what in
  all)
    check_requirements
    get_sources
    do_steps
    verify
    finish
    ;;
  check) check_requirements ;;
  sources) get_sources ;;
  step)
    only=\${3:?the name of a step is missing}
    for source in $sources; do
      [ -e "$state/sources/$source" ] || fail "the source $source is not there yet"
      recall_source "$source"
    done
    do_steps
    [ -n "$found_step" ] || fail "there is no step \"$only\""
    ;;
  verify)
    recall
    verify
    ;;
  collect) collect_files "\${3:?the name of a file is missing}" ;;
  publish)
    : "\${PUBLISH_TO:?is to be host/repository, below which the images are published}"
    recall
    publish
    ;;
esac
`;
