import { sh } from './sh.ts';

/**
 * How a command is run: with the variables that armload would give it and no others. They reach it through a pipe, so that no
 * secret stands on a command line. It finds its own program on its own PATH.
 */
export const jobs = sh`
# The loopback interface is down at first in a network of one's own; whoever may puts it up.
loopback_up='{ ip link set lo up || ifconfig lo 127.0.0.1 up; } >/dev/null 2>&1'
# Root among users of one's own, to put it up, and then oneself again.
as_root='inside=$1 unshare=$2; shift 2; exec "$unshare" -r -n "$0" -c "$inside" "$unshare" "$(id -u)" "$(id -g)" "$@"'
as_oneself="$loopback_up; "'user=$1 group=$2; shift 2; exec "$0" --map-user="$user" --map-group="$group" "$@"'
begin='
  cd "$1" || exit 126
  unset OLDPWD
  environment=$("$2") || exit 125
  shift 2
  eval "$environment"
  exec "$@" </dev/null
'
stop() {
  trap '' INT TERM HUP
  [ -z "$running" ] || { kill -TERM "$running" 2>/dev/null && wait "$running"; } || :
  say 'it was interrupted; what is done stays done'
  exit 130
}
trap stop INT TERM HUP
job() { # SECONDS NETWORK WORDS…: in $workdir, with $environment. $code is how it ended.
  limit=$1 network=$2
  shift 2
  if [ "$network" = none ]; then
    find_isolation
    case $isolation in
      root) set -- "$unshare" -n "$sh" -c "$loopback_up; exec \"\$@\"" sh "$@" ;;
      mapped-back) set -- "$sh" -c "$as_root" "$sh" "$as_oneself" "$unshare" "$@" ;;
      mapped) set -- "$unshare" --map-current-user -n "$@" ;;
      mapped-root) set -- "$unshare" -r -n "$sh" -c "$loopback_up; exec \"\$@\"" sh "$@" ;;
      *) fail 'this machine can not run a command without network: that takes unshare, and the rights of root or user namespaces' ;;
    esac
  fi
  [ -z "$timeout" ] || set -- "$timeout" -k 10 "$limit" "$@"
  code=0
  printf '%s' "$base$environment" | env -i "$sh" -c "$begin" sh "$workspace/$workdir" "$cat" "$@" &
  running=$!
  wait "$running" || code=$?
  running=
}
command_job() { # SECONDS NETWORK WORDS…: found on the job's own PATH
  limit=$1 network=$2
  shift 2
  job "$limit" "$network" "$sh" -c 'exec "$@"' sh "$@"
}
own() { # SECONDS WORDS…: a command of the script's own, in the workspace, with the place's variables alone
  limit=$1
  shift
  environment= workdir=
  command_job "$limit" allowed "$@"
  return "$code"
}
ended() { # CODE SECONDS: how, for a sentence
  case $1 in
    124 | 137) [ -z "$timeout" ] || { printf 'ended with %s, as it does at its time limit of %s s' "$1" "$2"; return; } ;;
  esac
  printf 'exited with %s' "$1"
}
alone() { [ "$("$@" "$sh" -c 'echo alone' 2>/dev/null)" = alone ]; }
find_isolation() {
  [ "$isolation" = '?' ] || return 0
  if [ -z "$unshare" ]; then isolation=
  elif alone "$unshare" -n; then isolation=root
  elif alone "$unshare" -r -n "$unshare" --map-user="$(id -u)" --map-group="$(id -g)"; then isolation=mapped-back
  elif alone "$unshare" --map-current-user -n; then isolation=mapped
  elif alone "$unshare" -r -n; then isolation=mapped-root
  else isolation=
  fi
}
`;

/** What the machine is, as expressions ask for it and requirements are held against. */
export const host = sh`
read_host() {
  host__os=$(uname -s | tr '[:upper:]' '[:lower:]')
  host__kernel=$(uname -r)
  host__user=$(id -un 2>/dev/null || id -u)
  host__architecture=$(architecture_of "$(uname -m)")
  host__cpus=$(nproc 2>/dev/null || grep -c '^processor' /proc/cpuinfo || echo 0)
  host__memory=0
  while read -r name amount rest; do
    [ "$name" != MemTotal: ] || host__memory=$((amount * 1024))
  done </proc/meminfo
  host__id= host__version=
  for file in /etc/os-release /usr/lib/os-release; do
    [ -r "$file" ] || continue
    while IFS='=' read -r name text || [ -n "$name" ]; do
      case $text in
        \"*\") text=\${text#\"} text=\${text%\"} ;;
        \'*\') text=\${text#\'} text=\${text%\'} ;;
      esac
      case $name in ID) host__id=$text ;; VERSION_ID) host__version=$text ;; esac
    done <"$file"
    break
  done
}
architecture_of() { # MACHINE: OCI's word for what uname and QEMU call it
  case $1 in
    x86_64 | amd64) echo amd64 ;;
    aarch64 | arm64) echo arm64 ;;
    armv7l | armv6l | arm) echo arm ;;
    i386 | i686) echo 386 ;;
    *) echo "$1" ;;
  esac
}
emulates() { # ARCHITECTURE: are its programs run by emulation?
  for file in /proc/sys/fs/binfmt_misc/qemu-*; do
    line=
    { read -r line <"$file"; } 2>/dev/null || continue
    [ "$line" = enabled ] || continue
    [ "$(architecture_of "\${file##*/qemu-}")" != "$1" ] || return 0
  done
  return 1
}
`;
