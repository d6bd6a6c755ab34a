import { library } from './library.ts';
import { sh } from './sh.ts';

/**
 * What runs a job. Its folder holds `script` (of a script), `log`, `begun` (the supervisor's process), `main` (the
 * command's process, which leads the session of all it starts) and `exit` (how it ended). The one to make the folder
 * begins the job; all others find it begun. Nothing starts before it's written down, and `exit` appears whole or not
 * at all: its space is taken before the command starts.
 *
 * `begun` says `PID START BOOT TIMER START`, `main` says `PID START`.
 *
 * Input: assignments, the last of them `complete=yes`, so that half an input begins nothing. Notes: `begun` or
 * `adopted`, then one of `ended HOW CODE FROM TO`, `full`, `failed WHY`.
 */
const supervisor = sh`
# A shell that was just forked may lose a signal that it has a trap for. So what's told to end is forked before there are
# traps, or is killed.
later() { # SECONDS, unless the process is told that it's not needed any more
  last=$!
  trap '[ "$!" = "$last" ] || kill -KILL "$!"; exit 0' TERM
  sleep "$1" &
  wait "$!"
}
limit() {
  later "$limit"
  trap '' TERM
  while [ ! -s "$job/main" ] && [ ! -e "$job/exit" ] && [ -d "$job" ]; do nap; done
  [ ! -e "$job/exit" ] && printf '' >"$job/late" && read -r main rest <"$job/main" && end_session "$main" "$grace"
}
run() {
  look self || exit 125
  printf '%s %s\n' "\${line%% *}" "$start" >"$job/main" || exit 125
  cd "$workspace/$workdir" || exit 126
  unset OLDPWD
  eval "set -- $command"
  eval "$environment"
  exec "$@"
}
full() {
  kill "$timer"
  exit 74
}
supervise() {
  look self || exit 71
  limit &
  timer=$!
  abort= ending= filter= own="\${line%% *} $start"
  trap 'abort=yes' TERM
  look "$timer"
  boot_id
  read -r from rest </proc/uptime
  set -C
  printf '%s %s %s %s\n' "$own" "$boot" "$timer" "$start" >"$job/begun" || full
  set +C
  printf '%510s\n' '' >"$job/exit.new" || full
  if [ -n "$secrets" ]; then
    # Its name goes before anything is in it, so that nobody else reads from it. A pipe that's opened for both doesn't
    # wait for its other end.
    mkfifo -m 600 "$job/pipe" || full
    exec 5<>"$job/pipe" 6<"$job/pipe" 7>"$job/pipe" 5>&-
    rm -f "$job/pipe"
    ( eval "$secrets"; exec $awk "$hide" ) <&6 6<&- 7>&- >>"$job/log" &
    filter=$!
    exec 6<&-
  else
    exec 7>>"$job/log"
  fi
  run >&7 2>&1 7>&- &
  main=$!
  exec 7>&-
  while :; do
    if [ -n "$abort" ] && [ -z "$ending" ]; then
      ending=yes
      end_session "$main" "$grace"
    fi
    wait "$main"
    code=$?
    [ -n "$abort" ] && [ -z "$ending" ] || break
  done
  trap '' TERM
  [ -s "$job/main" ] || full
  kill "$timer"
  # It may have to kill what outlives the command.
  [ ! -e "$job/late" ] || wait "$timer"
  # What it left running in its session ends with it.
  kill -0 -"$main" && end_session "$main" "$grace"
  if [ -n "$filter" ]; then
    # A process in a session of its own may hold the pipe for as long as it lives.
    ( trap - TERM; later 2; [ -e "$job/exit" ] || kill "$filter" ) &
    guard=$!
    wait "$filter"
    kill "$guard"
  fi
  how=ended
  [ ! -e "$job/late" ] || how=timed-out
  [ -z "$abort" ] || how=aborted
  read -r to rest </proc/uptime
  printf '%s %s %s %s\n' "$how" "$code" "$from" "$to" 1<>"$job/exit.new"
  mv "$job/exit.new" "$job/exit"
}
`;

/** Following: descriptor 4 is the log, and keeps its position whoever reads from it. */
const follower = sh`
pump() {
  stop=
  trap 'stop=yes' TERM
  while cat <&4 && [ -z "$stop" ]; do
    ( exec >/dev/null 2>&1; exec sleep 0.2 ) &
    wait "$!"
  done
}
open_log() {
  [ "$follow" = yes ] || return 0
  exec 4<"$job/log"
  # What the asker has already. Exactly that: a program that reads ahead would take more.
  dd bs=65536 count=$((have / 65536)) <&4 >/dev/null 2>&1
  dd bs=1 count=$((have % 65536)) <&4 >/dev/null 2>&1
}
`;

const adopter = sh`
lose() { # No word of its end, and nobody who could write it. Nor may anybody begin it from here on.
  ( set -C; printf 'lost\n' >"$job/begun" ) 2>/dev/null
  if [ "$boot" = "$here" ] && [ -s "$job/main" ] && read -r main began <"$job/main"; then
    look "$main" && [ "$start" != "$began" ] || end_session "$main" "$grace"
    alive "$timer" "$ticked" && kill -TERM "$timer"
  fi
  printf 'lost 0 0 0\n' >"$job/exit.lost" && mv "$job/exit.lost" "$job/exit"
}
await() { # COMMAND: done while it runs, until it's ended or lost
  boot_id
  here=$boot
  missing=0
  while [ -d "$job" ] && [ ! -e "$job/exit" ]; do
    boot=
    if [ -s "$job/begun" ] && read -r pid began boot timer ticked <"$job/begun" && [ "$boot" = "$here" ] && alive "$pid" "$began"; then
      missing=0
      "$@"
    else
      missing=$((missing + 1))
      [ "$missing" -le 15 ] || lose
    fi
    nap
  done
}
report() { # how it ended, if that is known
  if [ -s "$job/exit" ] && read -r record <"$job/exit"; then say ended "$record"; else return 1; fi
}
`;

export const beginScript = `${library}${supervisor}${follower}${adopter}${sh`
eval "$(cat)"
[ "\${complete-}" = yes ] || exit 70
drain() { [ "$follow" = yes ] && cat <&4; }
if problem=$(mkdir -m 700 "$job" 2>&1); then
  if printf '%s' "$script" >"$job/script" && printf '' >"$job/log"; then
    # By exec: what a shell redirects for a while it keeps open elsewhere, and the connection with it.
    ( exec </dev/null >/dev/null 2>&1; supervise ) &
    supervisor=$!
    say begun
    if [ "$follow" = yes ]; then
      open_log
      pump &
      pump=$!
    fi
    wait "$supervisor"
    code=$?
    if [ "$follow" = yes ]; then
      kill "$pump" 2>/dev/null
      wait "$pump"
      drain
    fi
  else
    code=74
  fi
  if ! report; then
    if [ "$code" = 74 ]; then
      rm -rf "$job"
      say full
    else
      await :
      drain
      report || say failed 'its folder was taken away'
    fi
  fi
elif [ -d "$job" ]; then
  say adopted
  tries=0
  while [ ! -e "$job/log" ] && [ "$tries" -lt 20 ]; do nap; tries=$((tries + 1)); done
  [ -e "$job/log" ] || follow=no
  open_log
  await drain
  drain
  report || say failed 'its folder was taken away'
else
  say failed "\${problem%%"$newline"*}"
fi
say done
`}`;

/**
 * Words: the workspace, the grace in hundredths of a second. Ends what runs, and takes the workspace away, read-only
 * folders too.
 */
export const discardScript = `${library}${adopter}${sh`
stop() { kill -TERM "$pid" 2>/dev/null; }
workspace=$1 grace=$2
for job in "$workspace"/.armload/jobs/*; do
  [ ! -d "$job" ] || await stop
done
cd / && { rm -rf "$workspace" 2>/dev/null || { chmod -R u+rwX "$workspace" 2>/dev/null; rm -rf "$workspace"; }; }
[ -e "$workspace" ] && say failed "$workspace can not be removed whole"
say done
`}`;

/**
 * Words: the job's folder, the grace in hundredths of a second. Asks the supervisor, again and again, until the end
 * is written.
 */
export const endScript = `${library}${adopter}${sh`
job=$1 grace=$2
stop() { kill -TERM "$pid" 2>/dev/null; }
await stop
report
say done
`}`;
