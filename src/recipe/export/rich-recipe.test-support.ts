import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recipe } from '../run/run.test-support.ts';

/** A recipe that uses what a step can be and have, as far as it takes no other program than a shell's. */
export const richRecipe = recipe(
  `
  count:
    run: |
      printf 'number=7\\r\\nodd=%s\\nempty=\\n' '$(touch hit) \`id\` "x" '"'y' \\\\" >> "$ARMLOAD_VALUES"
    outputs: { values: [number, odd, empty] }
  write:
    workdir: deep
    run: |
      printf '%s|' "$NUMBER" "$ODD" "$EMPTY" "$QUOTED" > out.txt
      env | grep -v '^_=' | sed 's/=.*//' | sort > names.txt
      pwd | sed 's/.*\\///' > where.txt
    environment:
      NUMBER: '\${{ steps.count.values.number }}'
      ODD: '\${{ steps.count.values.odd }}'
      EMPTY: 'is \${{ steps.count.values.empty }} empty'
      QUOTED: "it's \\"$(id)\\" \\n and more\\n"
    outputs: { files: { text: { path: 'deep/out.txt' } } }
  each:
    foreach: { n: [one, 'a b', "it's", '4'] }
    run: [sh, -c, 'printf "%s;" "$0" >> order', '\${{ foreach.n }}']
  named:
    needs: [write, each]
    run: [cp, '\${{ steps.write.files.text }}', 'copy-\${{ steps.count.values.number }}']
    outputs: { files: { copy: { path: './/copy-\${{ steps.count.values.number }}' } } }
  never:
    when: host.os == 'plan9' || steps.count.values.number == '8'
    run: exit 1
  after:
    when: "!(host.os == 'plan9') == (steps.count.values.number != '8') && host.os"
    run: 'printf %s "$WHERE" > after'
    environment: { WHERE: '\${{ steps.named.files.copy }} \${{ steps.named.files.copy.sha256 }} \${{ sources.note.content }}' }
  sum:
    run: [sh, -c, 'echo "$1" > sum', sh, '\${{ host.architecture }}/\${{ host.os }}/\${{ host.cpus }}/\${{ host.memory }}/\${{ host.id }}/\${{ host.version }}/\${{ host.kernel }}/\${{ host.user }}']`,
  `environment: { EVERYWHERE: 'yes' }
passEnvironment: [PASSED, NOT_THERE]
sources:
  note: { file: note.txt, path: deep/note }
  odd: { file: odd.bin, path: odd, executable: true }
verify:
  - { title: the printed, version: { run: [cat, 'copy-\${{ steps.count.values.number }}'], matches: '^\\d\\|.*' } }`,
);

/** What it takes from beside it. */
export async function writeRichFiles(folder: string): Promise<void> {
  await writeFile(join(folder, 'note.txt'), 'a note\nEND\n$(touch hit)\n');
  await writeFile(join(folder, 'odd.bin'), Buffer.from([0, 1, 2, 255, 10, 13, 36, 123, 123]));
}
