import { library } from './library.ts';
import { sh } from './sh.ts';

/**
 * A place's lock is the folder `lock.N` of the highest N, made by mkdir. The next holder makes N + 1, which only one
 * can: so nobody takes over what has another holder by now. `owner` says who, `lease` when it was renewed (seconds
 * since 1970, the place's clock), `free` that it was given back.
 */
const locks = sh`
highest() {
  last=0
  for entry in "$folder"/lock.*; do
    number=\${entry##*.}
    [ -d "$entry" ] && [ "$number" -gt "$last" ] && last=$number
  done
}
`;

/**
 * Words: the folder, the owner's line, seconds of a lease, a number that may be taken over. Notes: `got N`, `held N
 * AGE OWNER`, `failed WHY`.
 */
export const lockScript = `${library}${locks}${sh`
folder=$1 owner=$2 lease=$3 dead=$4
tries=0
while :; do
  highest
  set -- $(date -u '+%s %Y-%m-%dT%H:%M:%SZ')
  lock=$folder/lock.$last
  if [ "$last" != 0 ] && [ "$last" != "$dead" ] && [ ! -e "$lock/free" ]; then
    if [ -s "$lock/lease" ] && read -r renewed <"$lock/lease" && read -r holder <"$lock/owner"; then
      age=$(($1 - renewed))
      if [ "$age" -lt "$lease" ]; then say held "$last" "$age" "$holder"; break; fi
    elif [ "$tries" -lt 20 ]; then
      # Between the folder and its files, or dead there.
      nap
      tries=$((tries + 1))
      continue
    fi
  fi
  next=$((last + 1))
  lock=$folder/lock.$next
  if problem=$(mkdir "$lock" 2>&1); then
    if printf '%s %s\n' "$owner" "$2" >"$lock/owner" && printf '%s\n' "$1" >"$lock/lease"; then
      say got "$next"
      [ "$last" = 0 ] || rm -rf "$folder/lock.$last"
    else
      rm -rf "$lock"
      say failed 'No space left on device'
    fi
    break
  elif [ ! -d "$lock" ]; then
    say failed "\${problem%%"$newline"*}"
    break
  fi
done
say done
`}`;

/** Words: the folder, the number held, `renew` or `free`. Notes: `held` or `taken`. */
export const leaseScript = `${library}${locks}${sh`
folder=$1 lock=$1/lock.$2
highest
if [ "$last" != "$2" ]; then
  say taken
elif [ "$3" = free ]; then
  printf '' >"$lock/free"
  say held
else
  date +%s >"$lock/lease.new" && mv "$lock/lease.new" "$lock/lease"
  say held
fi
say done
`}`;
