import type { CatalogFinding } from '../results/index.ts';
import { standings } from './image-verdict.ts';
import { isRequired } from './product.ts';
import type { ProductImage } from './product-schema.ts';
import type { Sighting, Standing } from './standing.ts';
import { isAskedFor } from './versions.ts';
import type { View } from './view.ts';

/** What isn't the product's state and still has to be told. */
export function findingsOf(view: View): readonly CatalogFinding[] {
  return [
    ...(view.product.images ?? []).flatMap((image) => copyFindings(image, view)),
    ...optionalImages(view),
    ...workaroundFindings(view),
  ];
}

/** Registries that should hold the same and don't: the copy may have lost a platform on its way, or be late. */
function copyFindings(image: ProductImage, { sightings, scope }: View): readonly CatalogFinding[] {
  const asked = sightings.filter((one) => one.image === image && isAskedFor(one.version, scope));
  const own = new Map(standings(placed(asked, 'own')).map((one) => [one.by.tag, one]));
  return standings(placed(asked, 'mirror')).flatMap((copy) => {
    const original = own.get(copy.by.tag);
    return original === undefined ? [] : comparison(original, copy);
  });
}

function placed(sightings: readonly Sighting[], place: Sighting['place']): readonly Sighting[] {
  return sightings.filter((one) => one.place === place);
}

function comparison(original: Standing, copy: Standing): readonly CatalogFinding[] {
  const [left, right] = [original.by.observation, copy.by.observation];
  if (left.result !== right.result)
    return [
      {
        kind: 'copies-disagree',
        text: `${left.reference} is ${left.result}, and its copy ${right.reference} is ${right.result}`,
      },
    ];
  if (left.digest === undefined || right.digest === undefined || left.digest === right.digest) return [];
  return [
    {
      kind: 'copies-differ',
      text: `${left.reference} is ${left.digest}, and its copy ${right.reference} is ${right.digest}`,
    },
  ];
}

function optionalImages({ verdicts }: View): readonly CatalogFinding[] {
  return verdicts.flatMap(({ image, is, standing }) => {
    if (is !== 'bad' || isRequired(image) || standing === undefined) return [];
    const { reference, result, at, why } = standing.by.observation;
    return [
      {
        kind: 'optional-image',
        text: `${reference} (${image.role}) was ${result} on ${at.slice(0, 10)}: ${why}`,
      },
    ];
  });
}

function workaroundFindings({ workarounds }: View): readonly CatalogFinding[] {
  return workarounds.flatMap(({ applies, status, workaround, why }) => {
    if (!applies || (status !== 'expired' && status !== 'broken')) return [];
    return [
      { kind: `workaround-${status}`, text: `${workaround.image?.reference ?? workaround.text}: ${why}` },
    ];
  });
}
