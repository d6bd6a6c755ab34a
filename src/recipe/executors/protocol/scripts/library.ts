import { sh } from './sh.ts';

/**
 * Functions that the scripts share, for any POSIX shell on Linux: dash, bash, busybox. They start as few programs as
 * can be, since a thousand small jobs are a thousand times that.
 *
 * `look PID` reads /proc/PID/stat, see proc_pid_stat(5): the name in parentheses may hold blanks and parentheses, so
 * counting begins after the last one; there `$1` is the state (field 3), `$4` the session (6), `${20}` the start time
 * (22). A pid and its start time name one process for as long as the machine is up; with the boot's id, for ever.
 */
export const library = sh`
newline='
'
say() { printf '\036armload %s\n' "$*" >&2; }
nap() { sleep 0.05 2>/dev/null || sleep 1; }
look() {
  { read -r line </proc/"$1"/stat; } 2>/dev/null || return 1
  set -- \${line##*) }
  state=$1 session=$4 start=\${20}
}
alive() { # PID START
  look "$1" && [ "$start" = "$2" ] || return 1
  case $state in Z | X) return 1 ;; esac
}
boot_id() {
  boot=none
  { read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
}
clock() { # hundredths of a second since the machine was started
  read -r up rest </proc/uptime
  now=\${up%.*}\${up#*.}
}
living() { # SESSION: its processes, whatever group they made, and the one that's about to make it
  found=
  for entry in /proc/[0-9]*; do
    process=\${entry#/proc/}
    look "$process" || continue
    [ "$session" = "$1" ] || [ "$process" = "$1" ] || continue
    case $state in Z | X) ;; *) found="$found $process" ;; esac
  done
  [ -n "$found" ]
}
signal() { # NAME SESSION: to those that living found
  kill -"$1" -"$2"
  for each in $found; do kill -"$1" "$each"; done
} 2>/dev/null
end_session() { # SESSION GRACE: asked, then forced
  living "$1" || return 0
  signal TERM "$1"
  clock
  until=$((now + $2))
  while living "$1"; do
    clock
    [ "$now" -lt "$until" ] || break
    nap
  done
  tries=0
  while living "$1" && [ "$tries" -lt 100 ]; do
    signal KILL "$1"
    nap
    tries=$((tries + 1))
  done
}
`;
