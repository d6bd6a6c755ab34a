import { library } from './library.ts';
import { sh } from './sh.ts';

/**
 * Words: the folder of workspaces (empty: the user's own), the run. Needs the place's environment. Output, each with
 * a NUL after it: the workspace, the tools as `NAME=PATH`, `awk=…` with what makes it read line by line, a dot, and
 * variables. Notes: `missing TOOL…`, `failed WHY`.
 */
export const prepareScript = `${library}${sh`
root=$1 run=$2
fail() { say failed "\${1%%"$newline"*}"; say done; exit; }
[ -r /proc/self/stat ] && [ -r /proc/uptime ] || fail 'it has no /proc of Linux'
missing=
for tool in awk cat chmod date dd mkdir mkfifo mv rm setsid sleep tail uname wc; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -z "$missing" ] || { say missing$missing; say done; exit; }
: "\${USER:=$(id -un 2>/dev/null)}" "\${HOME:=/}" "\${SHELL:=/bin/sh}"
: "\${LOGNAME:=$USER}"
[ -n "$root" ] || root=\${XDG_STATE_HOME:-\${HOME%/}/.local/state}/armload/places
problem=$(mkdir -p "$root/$run" 2>&1) || fail "$problem"
cd -P "$root/$run" 2>/dev/null || fail "can't enter $root/$run"
workspace=$PWD
[ -d .armload ] || problem=$(mkdir -m 700 .armload 2>&1) || [ -d .armload ] || fail "$problem"
problem=$(mkdir -p .armload/jobs 2>&1) || fail "$problem"
[ -w .armload/jobs ] || fail "$workspace is not writable"
item() { printf '%s\0' "$@"; }
item "$workspace" "setsid=$(command -v setsid)" "sh=$(command -v sh)" "unshare=$(command -v unshare)"
case $(awk -W version </dev/null 2>&1) in mawk*) item 'awk=awk -W interactive' ;; *) item 'awk=awk' ;; esac
item .
for name in PATH HOME USER LOGNAME SHELL LANG TMPDIR; do
  eval '[ -z "\${'"$name"'+x}" ] || item "'"$name"'=$'"$name"'"'
done
say done
`}`;

/**
 * Words: names of variables. Needs the place's environment. Output: `NAME=VALUE` of those that are set, each with a
 * NUL after it.
 */
export const variablesScript = `${library}${sh`
item() { printf '%s\0' "$@"; }
for name; do
  eval '[ -z "\${'"$name"'+x}" ] || item "'"$name"'=$'"$name"'"'
done
say done
`}`;

/** Words: the workspace. Output: lines `NAME VALUE`. */
export const probeScript = `${library}${sh`
cd "$1" || exit 1
fact() { printf '%s %s\n' "$1" "$2"; }
fact os "$(uname -s)"
fact machine "$(uname -m)"
fact kernel "$(uname -r)"
fact user "$(id -un 2>/dev/null || id -u)"
fact cpus "$(nproc 2>/dev/null || grep -c '^processor' /proc/cpuinfo)"
while read -r name amount rest; do
  [ "$name" != MemTotal: ] || fact memory-kib "$amount"
done </proc/meminfo
fact disk "$(df -Pk . | tail -n 1)"
for file in /etc/os-release /usr/lib/os-release; do
  [ -r "$file" ] || continue
  while IFS='=' read -r name value || [ -n "$name" ]; do
    case $name in ID | VERSION_ID) fact "$name" "$value" ;; esac
  done <"$file"
  break
done
for file in /proc/sys/fs/binfmt_misc/*; do
  state=
  { read -r state <"$file"; } 2>/dev/null
  [ "$state" != enabled ] || fact emulates "\${file##*/}"
done
isolated() { [ "$("$@" sh -c 'echo alone' 2>/dev/null)" = alone ]; }
if isolated unshare -n; then fact isolation root
elif isolated unshare -r -n unshare --map-user="$(id -u)" --map-group="$(id -g)"; then fact isolation mapped-back
elif isolated unshare --map-current-user -n; then fact isolation mapped
elif isolated unshare -r -n; then fact isolation mapped-root
fi
say done
`}`;
