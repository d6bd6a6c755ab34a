import { sh } from './sh.ts';

/** A step: its function says what it is, and ends with what runs it. Steps that are done leave a record, and stay done. */
export const steps = sh`
step() { # NUMBER ID NEEDS…: step_NUMBER is its function
  position=$1 id=$2 needs=
  shift 2
  key=$id
  case $id in */*) key=\${id%%/*}--\${id#*/} ;; esac
  record=$state/steps/$key
  case $only in
    '' | "$id" | "\${id%%/*}") ;;
    *) recall_step; return ;;
  esac
  for need; do
    case $need in */*) need=\${need%%/*}--\${need#*/} ;; esac
    [ -e "$state/steps/$need" ] || fail "$id needs $need, which is not done"
    needs="$needs $need"
  done
  found_step=yes workdir=
  environment= input= outputs= values_of_step=
  "step_$position"
  recall_step
}
skip() { # CONDITION
  say "[$position/$total] $id is left out: $1 is false"
  note skipped >"$state/new"
  mv "$state/new" "$record"
}
variable() { # NAME VALUE [SHOWN]: for the step's environment; SHOWN is recorded in the place of a secret
  quoted "$2"
  environment="\${environment}export $1=$quoted$newline"
  quoted "\${3-$2}"
  input="$input$1=$quoted$newline"
}
gives() { # take_values, take_file or take_image, and its words
  for word; do
    quoted "$word"
    outputs="$outputs $quoted"
  done
  outputs="$outputs$newline"
  [ "$1" != take_values ] || values_of_step=yes
}
script() { # the input
  mkdir -p "$state/scripts"
  cat >"$state/scripts/$key"
}
run_script() {
  perform "$sh" -eu "$state/scripts/$key"
}
run_words() {
  for word; do
    quoted "$word"
    input="$input$quoted "
  done
  perform "$sh" -c 'exec "$@"' sh "$@"
}
perform() { # WORDS…
  fingerprint=$(fingerprint_of)
  if is_done; then
    say "[$position/$total] $id is done already"
    return
  fi
  rm -f "$record"
  mkdir -p "$state/values"
  if [ -n "$values_of_step" ]; then
    quoted "$state/values/$key"
    environment="\${environment}export ARMLOAD_VALUES=$quoted$newline"
  fi
  attempt=0
  while :; do
    attempt=$((attempt + 1))
    rm -f "$state/values/$key"
    say "[$position/$total] $id: $title"
    job "$seconds" "$network" "$@"
    if [ "$code" -ne 0 ]; then say "$id $(ended "$code" "$seconds")"
    elif (collect); then
      rm -f "$state/values/$key"
      return
    fi
    rm -f "$state/values/$key"
    [ "$attempt" -le "$retries" ] || fail "the step \"$id\" failed"
    say "$id is tried again"
  done
}
fingerprint_of() { # what the step's result depends on
  {
    printf '%s\n' "$definition" "$workdir" "$input" "$outputs" "$host__os/$host__architecture"
    for source in $sources; do cat "$state/sources/$source"; done
    for need in $needs; do
      printf '%s\n' "$need"
      cat "$state/steps/$need"
    done
  } | checksum
}
collect() {
  {
    note "input $fingerprint"
    eval "$outputs"
  } >"$state/new"
  mv "$state/new" "$record"
}
is_done() { # as recorded, by the same input, and what it gave is there
  recorded "$record" "input $fingerprint" || return 1
  while IFS= read -r line; do
    rest=\${line#* * }
    case $line in
      file\ *) [ -e "$workspace/\${rest#* }" ] || return 1 ;;
      image\ *) inspect_image "\${rest%% *}" </dev/null || return 1 ;;
    esac
  done <"$record"
}
recall_step() { # as variables; steps of a foreach have none
  case $id in */*) return ;; esac
  [ -e "$record" ] || return 0
  while IFS= read -r line; do
    kind=\${line%% *} rest=\${line#* }
    output=\${rest%% *} rest=\${rest#* }
    case $kind in
      value) recall_output values '' "$rest" ;;
      file) recall_output files .sha256 "\${rest%% *}" && recall_output files '' "\${rest#* }" ;;
      image) recall_output images .id "\${rest%% *}" && recall_output images '' "\${rest#* }" ;;
    esac
  done <"$record"
}
recall_output() { # KIND MEMBER TEXT
  set -- "$1" "$2" "$3" "$rest"
  remember "steps.$id.$1.$output$2" "$3"
  rest=$4
}
`;
