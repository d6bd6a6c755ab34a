/** The files of distributions that are read by content, in whatever folder they are installed. */
export const wantedPython: readonly string[] = [
  '**/*.dist-info/RECORD',
  '**/*.dist-info/WHEEL',
  '**/*.dist-info/INSTALLER',
  '**/*.egg-info/installed-files.txt',
];
