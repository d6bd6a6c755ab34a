import { sh } from './sh.ts';

/** Putting sources in place: again if it fails, and not if they're there already. */
export const sources = sh`
have_source() { # NAME KIND PATH CONTENT RECORD FUNCTION: the commit or SHA-256 that it has to be; a digest of what the recipe says
  source=$1 kind=$2 path=$3 content=$4 said=$5 get=$6
  record=$state/sources/$source
  if [ -e "$workspace/$path" ] && recorded "$record" "source $said"; then
    recall_source "$source"
    return
  fi
  say "source $source"
  for pause in 2 10 none; do
    if "$get"; then break; fi
    [ "$pause" != none ] || fail "the source \"$source\" can not be had"
    say "the source \"$source\" is tried again"
    sleep "$pause"
  done
  {
    note "source $said"
    if [ "$kind" = git ]; then read_commit; else note "content $content"; fi
  } >"$state/new"
  mv "$state/new" "$record"
  recall_source "$source"
}
read_commit() { # of $path: its commit and tree, which has to be $content
  facts=$(own 600 git -C "$path" rev-parse HEAD 'HEAD^{tree}') || fail "the source \"$source\" can not be read"
  found=\${facts%%"$newline"*} tree=\${facts#*"$newline"}
  case $found$tree in *[!0-9a-f]*) fail "the source \"$source\" can not be read" ;; esac
  [ -z "$content" ] || [ "$found" = "$content" ] || fail "the source \"$source\" is not the commit that it should be"
  note "commit $found"
  note "content $tree"
}
recorded() { # FILE LINE: is that its first line?
  [ -e "$1" ] || return 1
  IFS= read -r line <"$1" || return 1
  [ "$line" = "$2" ]
}
recall_source() {
  [ -e "$state/sources/$1" ] || return 0
  while IFS=' ' read -r what text; do
    case $what in commit | content) remember "sources.$1.$what" "$text" ;; esac
  done <"$state/sources/$1"
}
fetch() { # WORDS…: one command of a source
  environment="export GIT_TERMINAL_PROMPT='0'$newline" workdir=
  command_job 7200 allowed "$@"
  [ "$code" -eq 0 ] || { say "$source: \"$*\" $(ended "$code" 7200)"; return 1; }
}
put_file() { # PATH MODE SHA256: the input
  folder=$workspace/$1
  mkdir -p "\${folder%/*}" && cat >"$workspace/$1.partial" || return 1
  found=$(checksum <"$workspace/$1.partial")
  [ "$found" = "$3" ] || { say "the source \"$source\" has the SHA-256 $found, and should have $3"; return 1; }
  chmod "$2" "$workspace/$1.partial" && rm -rf "\${workspace:?}/$1" && mv "$workspace/$1.partial" "$workspace/$1"
}
`;
