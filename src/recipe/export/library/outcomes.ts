import { sh } from './sh.ts';

/** What comes after the steps. */
export const outcomes = sh`
check() { # TITLE FUNCTION
  if ("$2"); then say "it holds: $1"; else
    say "it does not hold: $1"
    failed=$((failed + 1))
  fi
}
check_end() {
  [ "$failed" -eq 0 ] || fail "checks that do not hold: $failed"
}
check_file() { # PATH MACHINE SHA256
  what=$1
  [ -f "$workspace/$1" ] || fail "$1 is not there"
  sum=$(checksum <"$workspace/$1") || fail "$1 can not be read"
  [ -z "$3" ] || [ "$sum" = "$3" ] || fail "$1 has the SHA-256 $sum, and should have $3"
  [ -z "$2" ] || check_machine "$1" "$2"
}
check_image() { # REFERENCE ID PLATFORM: as far as the engine says
  inspect_image "$2" || fail "the engine has no $1 any more"
  [ "$platform" = "$3" ] || fail "$1 is for $platform, and should be for $3"
}
check_version() { # PATTERN COUNTS WORDS…: what they print, for awk
  pattern=$1 counts=$2
  shift 2
  code=0
  printed=$(code=0; own 300 "$@" 2>&1 || code=$?; printf x; exit "$code") || code=$?
  printed=\${printed%x}
  [ "$code" -eq 0 ] || fail "\"$*\" $(ended "$code" 300): $printed"
  if [ "$counts" = yes ] && [ "$(printf '%s' "$printed" | tr -d '\011\012\015\040-\176' | wc -c)" -gt 0 ]; then
    unproven "\"$*\" printed other text than ASCII, whose characters the pattern counts"
    return
  fi
  PRINTED=$(printf '%s' "$printed" | head -c 32768; printf x) PATTERN=$pattern \
    awk 'BEGIN { text = ENVIRON["PRINTED"]; exit (substr(text, 1, length(text) - 1) ~ ENVIRON["PATTERN"]) ? 0 : 1 }' ||
    fail "\"$*\" printed \"$printed\", which does not match"
}
publish_image() { # NAME:TAG STEP OUTPUT ID: unless its step was left out
  if [ -z "$4" ]; then
    say "$1 is not published: the step $2 was left out, or is not done"
    return
  fi
  say "publish $PUBLISH_TO/$1"
  docker image tag "$4" "$PUBLISH_TO/$1" && docker image push "$PUBLISH_TO/$1" || fail "$1 could not be published"
}
collect_files() { # FILE: a tar of all files that steps gave and that are still there
  case $1 in /*) archive=$1 ;; *) archive=$PWD/$1 ;; esac
  set --
  for record in "$state"/steps/*; do
    while IFS= read -r line; do
      case $line in file\ *) line=\${line#* * * } ;; *) continue ;; esac
      [ ! -e "$workspace/$line" ] || set -- "$@" "./$line"
    done <"$record"
  done
  if [ "$#" -eq 0 ]; then
    say 'no step gave a file'
    set -- -T /dev/null
  fi
  tar -C "$workspace" -cf "$archive" "$@"
}
`;
