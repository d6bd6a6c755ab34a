import { sh } from './sh.ts';

/** What a step gave, looked at: each fails unless what it says holds, and prints a line for the step's record. */
export const outputs = sh`
take_values() { # NAMES…: each once in the file that the step wrote
  file=$state/values/$key
  [ -e "$file" ] || : >"$file"
  size=$(wc -c <"$file")
  [ "$size" -le 262144 ] || fail "$id: \$ARMLOAD_VALUES has more than 262144 bytes"
  [ "$(tr -d '\000' <"$file" | wc -c)" -eq "$size" ] && is_utf8 "$file" ||
    fail "$id: the step wrote something that is no UTF-8 text to \$ARMLOAD_VALUES"
  seen=' ' more=yes
  while [ -n "$more" ]; do
    if IFS= read -r line; then line=\${line%"$return"}; else more=; fi
    [ -n "$line" ] || continue
    name=\${line%%=*}
    case $line in [!=]*=*) ;; *) name= ;; esac
    case $name in '' | *[!a-z0-9-]*) fail "$id: the step wrote a line to \$ARMLOAD_VALUES that is none of: $*" ;; esac
    case " $* " in *" $name "*) ;; *) fail "$id: the step wrote \"$name\" to \$ARMLOAD_VALUES; it declares: $*" ;; esac
    case $seen in *" $name "*) fail "$id: the step wrote \"$name\" twice to \$ARMLOAD_VALUES" ;; esac
    seen="$seen$name "
    refuse_secrets "$name" "\${line#*=}"
    note "value $name \${line#*=}"
  done <"$file"
  for name; do
    case $seen in *" $name "*) ;; *) fail "$id: the step did not write the value \"$name\" to \$ARMLOAD_VALUES" ;; esac
  done
}
is_utf8() {
  command -v iconv >/dev/null || return 0
  iconv -f UTF-8 -t UTF-8 <"$1" >/dev/null 2>&1
}
refuse_secrets() { # NAME TEXT: values are recorded
  for secret in $secrets; do
    eval "secret=\$$secret"
    case $2 in *"\${secret:-$newline}"*) fail "$id: the value \"$1\" holds a secret; values are recorded" ;; esac
  done
}
take_file() { # NAME PATH MACHINE SHA256 EXECUTABLE
  what="$id: the file \"$1\", $2,"
  [ -f "$workspace/$2" ] || fail "$id: the step did not make the file \"$1\": there is no $2"
  sum=$(checksum <"$workspace/$2") || fail "$what can not be read"
  [ -z "$4" ] || [ "$sum" = "$4" ] || fail "$what has the SHA-256 $sum, and should have $4"
  [ -z "$3" ] || check_machine "$2" "$3"
  [ "$5" = no ] || [ -x "$workspace/$2" ] || fail "$what is not executable"
  note "file $1 $sum $2"
}
check_machine() { # PATH WANTED: arm64, amd64 or none, by the file's first bytes
  machine=$(machine_of "$workspace/$1") || fail "$what can not be read"
  case $2/$machine in
    arm64/arm64 | amd64/amd64 | none/none) ;;
    */archive) unproven "$what is an archive or compressed, and what is in it only armload looks at" ;;
    none/*) fail "$what holds machine code ($machine), and should hold none" ;;
    */none) fail "$what holds no machine code, and should be for linux/$2" ;;
    *) fail "$what is for $machine, and should be for linux/$2" ;;
  esac
}
unproven() { # WHY: what can't be told is no yes, unless somebody says so
  [ "\${ARMLOAD_UNPROVEN-}" = accept ] || fail "$*; ARMLOAD_UNPROVEN=accept goes on without"
  say "not proved: $*"
}
machine_of() { # FILE
  case $(dd bs=1 skip=257 count=5 2>/dev/null <"$1") in ustar) echo archive; return ;; esac
  bytes=$(od -An -v -tx1 -N 20 <"$1") || return 1
  set -- $bytes
  case \${1-}\${2-}\${3-}\${4-} in
    7f454c46)
      # 64 bits, little endian, of Linux or of no system in particular; then the machine.
      case \${5-}\${6-}/\${8-}/\${19-}\${20-} in
        0201/0[03]/b700) echo arm64 ;;
        0201/0[03]/3e00) echo amd64 ;;
        *) echo 'another machine' ;;
      esac
      ;;
    4d5a* | feedfac[ef] | cefaedfe | cffaedfe | cafebabe) echo 'another system' ;;
    504b* | 213c6172 | 1f8b* | 28b52ffd | fd377a58 | 425a68*) echo archive ;;
    *) echo none ;;
  esac
}
take_image() { # NAME REFERENCE PLATFORM
  inspect_image "$2" || fail "$id: the step did not make the image \"$1\": the engine has no $2"
  [ "$platform" = "$3" ] || fail "$id: the image \"$1\", $2, is for $platform, and should be for $3"
  note "image $1 $image $2"
}
inspect_image() { # REFERENCE: $image is its id, $platform what it's for
  found=$(own 600 docker image inspect --format '{{.Id}} {{.Os}}/{{.Architecture}}/{{.Variant}}' -- "$1" 2>/dev/null) ||
    found=$(own 600 docker image inspect --format '{{.Id}} {{.Os}}/{{.Architecture}}/' -- "$1" 2>/dev/null) || return 1
  image=\${found%% *} platform=\${found#* }
  platform=\${platform%/}
  case $platform in
    linux/arm64/v8) platform=linux/arm64 ;;
    linux/amd64/v1) platform=linux/amd64 ;;
    linux/arm) platform=linux/arm/v7 ;;
  esac
}
`;
