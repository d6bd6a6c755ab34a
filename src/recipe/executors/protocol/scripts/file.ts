import { library } from './library.ts';
import { sh } from './sh.ts';

/** Goes down from the workspace folder by folder, so that no link leads out of it. `$name` is the last part. */
const descend = sh`
outside() { say outside; say done; exit; }
fail() { say failed "\${1%%"$newline"*}"; say done; exit; }
descend() {
  cd -P "$1" 2>/dev/null || fail "can't enter the workspace $1"
  root=\${PWD%/} name=$2
  shift 2
  for part; do
    [ -d "$name" ] || [ -h "$name" ] || problem=$(mkdir "$name" 2>&1) || [ -d "$name" ] || fail "$problem"
    cd -P "$name" 2>/dev/null || fail "can't enter $name"
    case $PWD/ in "$root"/*) ;; *) outside ;; esac
    name=$part
  done
}
`;

/** What's done with a file under its temporary name, once it's there whole or not. */
const receive = sh`
problem=$(cat 2>&1 >"$temporary") || { rm -f "$temporary"; fail "$problem"; }
`;
const find = sh`
[ -f "$temporary" ] || fail 'its temporary file is gone'
`;

function putting(get: string): string {
  return `${library}${descend}${sh`
size=$1 mode=$2 temporary=$3
shift 3
descend "$@"
`}${get}${sh`
count=$(($(wc -c <"$temporary")))
if [ "$size" = - ]; then
  say size "$count"
elif [ "$size" != "$count" ]; then
  rm -f "$temporary"
  exit 1
elif [ -d "$name" ] && [ ! -h "$name" ]; then
  rm -f "$temporary"
  fail "$name is a folder"
else
  # Moving something to a link to a folder would move it into the folder.
  [ ! -h "$name" ] || rm -f "$name"
  problem=$({ chmod "$mode" "$temporary" && mv -f "$temporary" "$name"; } 2>&1) || { rm -f "$temporary"; fail "$problem"; }
  say put
fi
say done
`}`;
}

/**
 * Words: its size, or `-` where that's not known yet, the mode, a name for the temporary file, the workspace, the
 * parts of the path. Input: the file. Of known size, it's there when the note `put` comes; else `size N` comes, and
 * nothing is there before `keepScript`.
 */
export const putScript = putting(receive);

/**
 * As `putScript`, for a file that was written before: gives it its name, or takes it away when its size is another.
 */
export const keepScript = putting(find);

/**
 * Words: the workspace, the path, bytes that the asker has. Notes: `size N` or `missing WHY`. Output: the rest of the
 * file.
 */
export const getScript = `${library}${sh`
cd "$1" 2>/dev/null
if [ -f "$2" ] && [ -r "$2" ]; then
  say size "$(($(wc -c <"$2")))"
  tail -c +"$(($3 + 1))" "$2"
elif [ -e "$2" ]; then
  [ -f "$2" ] && say missing 'it may not be read' || say missing 'it is no file'
else
  say missing 'nothing is there'
fi
say done
`}`;
