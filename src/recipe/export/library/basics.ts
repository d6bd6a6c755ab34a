import { sh } from './sh.ts';

/**
 * The script's own tools, for any POSIX shell: dash, bash, busybox. It doesn't rely on "set -e", which doesn't count inside
 * conditions.
 */
export const basics = sh`
say() { printf '== %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
note() { printf '%s\n' "$1" || fail 'a record could not be written'; }
is_true() { [ -n "$1" ] && [ "$1" != false ]; }
is_same() { [ "x$1" = "x$2" ]; }
is_other() { [ "x$1" != "x$2" ]; }
compare() { # TEST COMMAND COMMAND: of what they leave in $side
  eval "$2"
  set -- "$1" "$3" "$side"
  eval "$2"
  "$1" "$3" "$side"
}
quoted() { # TEXT: $quoted is it as one word that eval reads as the same text again
  quoted= rest=$1
  while :; do
    case $rest in
      *\'*) quoted=$quoted\${rest%%\'*}"'\\''" rest=\${rest#*\'} ;;
      *) break ;;
    esac
  done
  quoted="'$quoted$rest'"
}
base_of() { # NAME SET VALUE…: $base sets those that are set, for eval
  base=
  while [ "$#" -gt 0 ]; do
    quoted "$3"
    [ -z "$2" ] || base="\${base}export $1=$quoted
"
    shift 3
  done
}
remember() { # EXPRESSION TEXT: steps.proxy.values.sha is to be $steps__proxy__values__sha
  rest=$1 name=
  while :; do
    case $rest in
      *[.-]*)
        part=\${rest%%[.-]*}
        rest=\${rest#"$part"}
        case $rest in .*) name=$name\${part}__ ;; *) name=$name\${part}_ ;; esac
        rest=\${rest#?}
        ;;
      *) break ;;
    esac
  done
  name=$name$rest
  case $name in *[!a-z0-9_]* | [!a-z]* | '') fail "\"$1\" is no name of a value" ;; esac
  eval "$name=\$2"
}
checksum() { # of the input
  sum=$(sha256sum) && printf '%s' "\${sum%% *}"
}
path_below() { # TEXT: $path is its one spelling below the workspace
  case $1 in
    /*) fail "the path \"$1\" is absolute; paths are below the workspace" ;;
    *[[:cntrl:]]*) fail 'a path holds a control character' ;;
  esac
  path= rest=$1/
  while [ -n "$rest" ]; do
    part=\${rest%%/*} rest=\${rest#*/}
    case $part in
      '' | .) continue ;;
      ..) fail "the path \"$1\" leads out by \"..\"" ;;
    esac
    [ -n "$path" ] || case $part in .armload | .armload-export) fail "the path \"$1\" is in $part" ;; esac
    path=$path\${path:+/}$part
  done
}
`;

/** What the script's functions share; set once the environment that it came with was read. */
export const constants = sh`
newline='
'
return=$(printf '\r')
running= only= problems= failed=0 found_step= isolation='?'
for program in awk cat dd df env od sed sha256sum tr uname wc; do
  command -v "$program" >/dev/null || fail "this script needs $program"
done
sh=$(command -v sh) cat=$(command -v cat)
unshare=$(command -v unshare) || unshare=
timeout=$(command -v timeout) || timeout=
[ -z "$timeout" ] || "$timeout" -k 1 5 true 2>/dev/null || timeout=
[ -n "$timeout" ] || say 'there is no timeout here: steps may take as long as they like'
`;
