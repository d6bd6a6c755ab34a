/**
 * What the first process of the namespaces does, as `sh -c` text. Nothing of an image is put into it: it comes as
 * parameters. `$1` work folder, `$2` root, `$3` working directory, `$4` rule for the emulator or nothing, `$5` and `$6`
 * rules that refuse the host's own code or nothing, then what `starter` gets.
 *
 * The program gets a root that can't be written, a few devices, its own /tmp, /run and /proc, and, by one more user
 * namespace, no rights over any of that. This process stays: a first process can't be ended by an abort of its own.
 */
export const namespaceScript = `
set -eu
cd "$1"
root=$2 directory=$3 emulate=$4 refuse=$5 refuse_more=$6
shift 6
ip link set lo up 2>/dev/null || :
mount -t binfmt_misc binfmt_misc binfmt 2>binfmt.log || { [ -z "$emulate" ] || { cat binfmt.log >&2; exit 1; }; }
[ -z "$emulate" ] || printf '%s' "$emulate" >binfmt/register
mount --bind "$root" "$root"
mount -t tmpfs -o mode=755,size=64k,nosuid tmpfs "$root/dev"
for device in null zero full random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev tmpfs "$root/dev/shm"
: >"$root/dev/.armload"
mount --bind tools/starter "$root/dev/.armload"
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev tmpfs "$root/tmp"
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev tmpfs "$root/run"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc" 2>/dev/null || :
mount -o remount,bind,ro,nosuid,nodev "$root"
# Last: from here on only programs with our mark are started.
[ -z "$refuse" ] || printf '%s' "$refuse" >binfmt/register
[ -z "$refuse_more" ] || printf '%s' "$refuse_more" >binfmt/register
set +e
# What this shell says of a crash is not the program's.
exec 4>&2 2>/dev/null
(
  exec tools/unshare --user --map-user=65534 --map-group=65534 --root="$root" --wd="$directory" -- \\
    /dev/.armload "$@" 2>&4 4>&-
)
printf 'exit %s\\n' "$?" >&3
`;
