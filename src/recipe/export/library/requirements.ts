import { shellText } from '../words.ts';
import { sh } from './sh.ts';

/** Prints `yes VERSION`, `no VERSION`, `unknown VERSION` or `none`, of the first version in a program's answer. */
const versionAwk = sh`
{ text = text $0 "\n" }
function bound(comparator, operator, number, order, place) {
  match(comparator, /^[<>=]+/)
  operator = substr(comparator, 1, RLENGTH)
  split(substr(comparator, RLENGTH + 1), number, ".")
  order = 0
  for (place = 1; place <= 4 && order == 0; place++)
    order = part[place] < number[place] + 0 ? -1 : part[place] > number[place] + 0 ? 1 : 0
  if (order == 0 && part[4] == 1) return "unknown"
  if (order < 0) return operator ~ /^</ ? "yes" : "no"
  if (order > 0) return operator ~ /^>/ ? "yes" : "no"
  return operator ~ /=/ ? "yes" : "no"
}
END {
  text = substr(text, 1, 8192)
  if (!match(text, /(^|[^0-9.])[0-9]+[.][0-9]+([.][0-9]+)?/)) { print "none"; exit }
  found = substr(text, RSTART, RLENGTH)
  rest = substr(text, RSTART + RLENGTH)
  sub(/^[^0-9]/, "", found)
  count = split(found, digits, ".")
  part[3] = 0
  for (place = 1; place <= count; place++) {
    if (length(digits[place]) > 9) { print "none"; exit }
    part[place] = digits[place] + 0
  }
  part[4] = 2
  if (match(rest, /^[.-]?(rc|alpha|beta|pre|dev)/) && substr(rest, RLENGTH + 1, 1) !~ /[A-Za-z]/) part[4] = 1
  shown = part[1] "." part[2] "." part[3] (part[4] == 1 ? "-pre" : "")
  verdict = "no"
  holds = "yes"
  count = split(ENVIRON["RANGE"] " |", words, " ")
  for (at = 1; at <= count; at++) {
    if (words[at] == "|") {
      if (holds == "yes" || (holds == "unknown" && verdict == "no")) verdict = holds
      holds = "yes"
      continue
    }
    answer = bound(words[at])
    if (answer == "no" || holds == "no") holds = "no"
    else if (answer == "unknown") holds = "unknown"
  }
  print verdict, shown
}
`;

const checking = sh`
lacks() { problems="$problems  - $*$newline"; }
require_os() {
  [ "$host__os" = "$1" ] || lacks "it runs $host__os; the recipe wants $1"
}
require_architecture() { # ARCHITECTURE EMULATION: yes, or no
  [ "$host__architecture" != "$1" ] || return 0
  if ! emulates "$1"; then
    lacks "it is an $host__architecture machine, which doesn't run $1 programs"
  elif [ "$2" = yes ]; then
    say "it is an $host__architecture machine that runs $1 programs by emulation, several times slower"
  else
    lacks "it is an $host__architecture machine; it runs $1 programs by emulation, which the recipe doesn't accept"
  fi
}
require_amount() { # WHAT FOUND ENOUGH WANTED
  if [ "$2" -le 0 ]; then
    say "not known: how much it has; the recipe wants $4 $1"
  elif [ "$2" -lt "$3" ]; then
    found=$2
    [ "$1" = CPUs ] || found="$(($2 / 1048576)) MiB"
    lacks "it has $found $1; the recipe wants $4"
  fi
}
free_bytes() {
  set -- $(df -Pk "$workspace" | sed -n 's/.*[[:space:]]\([0-9][0-9]*\)[[:space:]][[:space:]]*[0-9][0-9]*%[[:space:]].*/\1/p')
  echo $((\${1-0} * 1024))
}
require_tool() { # NAME WANTED RANGE WORDS…: WORDS print its version
  tool=$1 wanted=$2 range=$3
  shift 3
  code=0
  answer=$(own 60 "$@" 2>&1) || code=$?
  case $code in
    126 | 127) lacks "there is no $tool\${wanted:+; the recipe wants $wanted}"; return ;;
  esac
  [ -n "$wanted" ] || return 0
  found=none
  [ "$code" -ne 0 ] || found=$(printf '%s' "$answer" | RANGE=$range awk "$version_awk")
  case $found in
    yes\ *) ;;
    no\ *) lacks "there is $tool \${found#no }; the recipe wants $wanted" ;;
    *) say "not known: which version $tool has; the recipe wants $wanted" ;;
  esac
}
require_engine() {
  answer=$(own 60 docker version --format '{{.Server.Version}}' 2>&1) ||
    lacks "no Docker engine answers, and images are among the outputs: $(printf '%s' "$answer" | sed -n '/./{p;q;}')"
}
require_isolation() {
  find_isolation
  [ -n "$isolation" ] || lacks "it can't run commands without network, as some of the steps have to be"
}
require_secret() { # VARIABLE VALUE
  [ -n "$2" ] || lacks "the environment variable $1, which holds a secret, is not set"
}
require_end() {
  [ -z "$problems" ] || fail "this machine lacks what the recipe asks for:$newline\${problems%"$newline"}"
}
`;

export const requirements = `version_awk=${shellText(versionAwk)}
${checking}`;
