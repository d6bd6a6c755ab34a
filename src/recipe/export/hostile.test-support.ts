import fc from 'fast-check';

const pieces = [
  ...[
    "'",
    '"',
    '`touch hit`',
    '$(touch hit)',
    '; touch hit;',
    '\n',
    '\r',
    '\r\n',
    '\t',
    ' ',
    '\\',
    '\\\n',
    '*',
    '~',
  ],
  ...[
    'END\n',
    '\nEND\n',
    'EOF\n',
    'ARMLOAD_END\n',
    "'\nEND\ntouch hit\n",
    '<<END',
    '# ',
    '!',
    '&',
    '|',
    '%s',
    '-n',
    '=',
  ],
  ...[
    `\${{ github.token }}`,
    '${{',
    '}}',
    '${',
    '$HOME',
    '$',
    '{',
    'é',
    '😀',
    '\u2028',
    '\u0085',
    '\x1b[31m',
    '\x7f',
  ],
  ...['\ufeff', ': ', '- ', '|\n', '"\n', "''", 'steps__one__values__v', 'a', '0', '\u0081'],
];

/** Texts that would be more than text to a shell, to YAML or to GitHub if they could. */
export const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'grapheme', maxLength: 3 })), {
    maxLength: 8,
  })
  .map((parts) => parts.join('').replaceAll('\0', ''));
