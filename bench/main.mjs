// npm run bench: armload beside its peers and limits, each side by side in one run. Ratios count, not seconds.

import { auditLayers } from './audit-layers.mjs';
import { hundredThousandUses } from './hundred-thousand-uses.mjs';
import { port } from './port.mjs';
import { portFleet } from './port-fleet.mjs';
import { recipe } from './recipe.mjs';
import { startUp } from './start-up.mjs';
import { thousandReferences } from './thousand-references.mjs';

const wanted = process.argv.slice(2);
const benches = {
  'start-up': startUp,
  'thousand-references': thousandReferences,
  'hundred-thousand-uses': hundredThousandUses,
  audit: auditLayers,
  port,
  'port-fleet': portFleet,
  recipe,
};
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n## ${name}`);
  await bench();
}
