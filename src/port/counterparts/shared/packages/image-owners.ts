import type { MergedView } from '../../../../layer/index.ts';
import { imageFile } from '../../debian/image-text.ts';

/** Numbers of users and groups by their names: packages name them, and images number them as they come. */
export interface Owners {
  user(name: string): number | undefined;
  group(name: string): number | undefined;
}

/** As the image's own `passwd` and `group` say. */
export function readOwners(view: MergedView): Owners {
  const [users, groups] = [numbersIn(view, 'etc/passwd'), numbersIn(view, 'etc/group')];
  return { user: (name) => users.get(name), group: (name) => groups.get(name) };
}

function numbersIn(view: MergedView, path: string): ReadonlyMap<string, number> {
  const file = imageFile(view, path);
  const numbers = new Map<string, number>([['root', 0]]);
  if (file.kind !== 'read') return numbers;
  for (const line of Buffer.from(file.bytes).toString('utf8').split('\n')) {
    const [name = '', , number = ''] = line.split(':');
    if (name !== '' && /^[0-9]{1,10}$/.test(number) && !numbers.has(name)) numbers.set(name, Number(number));
  }
  return numbers;
}
