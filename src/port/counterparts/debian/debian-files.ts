/**
 * Files of an image that its packages and package sources are read from, as patterns for the layer reader's `wanted`.
 * Keyrings that a source names elsewhere are not among them: such a source counts as unverifiable.
 */
export const debianFiles: readonly string[] = [
  'etc/apt/keyrings/*',
  'etc/apt/sources.list',
  'etc/apt/sources.list.d/*.list',
  'etc/apt/sources.list.d/*.sources',
  'etc/apt/trusted.gpg',
  'etc/apt/trusted.gpg.d/*',
  'usr/share/keyrings/*',
  'var/lib/dpkg/alternatives/*',
  'var/lib/dpkg/arch',
  'var/lib/dpkg/arch-native',
  'var/lib/dpkg/diversions',
  'var/lib/dpkg/info/*.conffiles',
  'var/lib/dpkg/info/*.list',
  'var/lib/dpkg/info/*.md5sums',
  'var/lib/dpkg/info/*.triggers',
  'var/lib/dpkg/statoverride',
  'var/lib/dpkg/status',
  'var/lib/dpkg/status.d/*',
];
