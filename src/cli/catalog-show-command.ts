import type { Catalog, Product } from '../catalog/index.ts';
import { UsageError } from '../core/index.ts';
import { catalogProductTotalsOf } from '../report/index.ts';
import { baseCommand, parseArguments, type ResultFlags, withResultOptions } from './base-command.ts';
import { type CatalogFlags, catalogSettings, openCatalog, withCatalogOptions } from './catalog-settings.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { openResultOutput } from './result-output.ts';
import { resultSettings } from './settings.ts';

interface ShowFlags extends ResultFlags, CatalogFlags {
  readonly all?: boolean;
}

/** `armload catalog show`: all that's known of a product, or of a version of it. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const command = baseCommand('catalog show', [
    'armload catalog show argo-cd',
    'armload catalog show argo-cd@2.0.5',
    "armload catalog show 'istio@<1.15'",
    'armload catalog show quay.io/argoproj/argocd:v2.0.5',
  ])
    .description(
      'Shows a product of the catalog: its state and what that rests on, workarounds, claims, images, links, and what armload saw. With a version or a range of them, the state and the workarounds of that.',
    )
    .argument('[product]', 'by name, alias or former name, or by one of its images');
  withResultOptions(command, { platform: false }).option('-a, --all', 'list every observation');
  withCatalogOptions(command);
  const parsed = await parseArguments<ShowFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const [text] = operands;
  if (text === undefined) throw noProduct();
  const config = await loadConfig(flags.config, io.cwd);
  const { format } = resultSettings(flags, config);
  const output = await openResultOutput(flags, io);
  const { showProduct, versionOfTag } = await import('../catalog/index.ts');
  const find = (catalog: Catalog) => asked(text, catalog, versionOfTag);
  const opened = await openCatalog(catalogSettings(flags, config, io.cwd), io, (catalog) => [
    find(catalog).product,
  ]);
  const { catalog, observations, problems, now } = opened;
  const result = showProduct(catalog, find(catalog), { observations, now });
  await output.write({
    text: format.renderCatalogProduct(result, output.drawing),
    totals: catalogProductTotalsOf(result),
    warnings: problems,
  });
  return 0;
}

/** `argo-cd`, `argo-cd@2.0.5`, or a reference to one of its images. */
function asked(
  text: string,
  catalog: Catalog,
  versionOfTag: (
    tag: string,
    image: { readonly tag?: string | undefined },
  ) => { readonly semver: { readonly version: string } } | undefined,
): { readonly product: Product; readonly asked?: string } {
  if (text.includes('/')) {
    const match = catalog.byImage(text);
    if (match === undefined) return { product: catalog.get(text) };
    const tag = /:([\w.-]+)(?:@|$)/.exec(text)?.[1];
    const version = tag === undefined ? undefined : versionOfTag(tag, match.image)?.semver.version;
    return { product: match.product, ...(version === undefined ? {} : { asked: version }) };
  }
  const at = text.indexOf('@');
  return at < 0
    ? { product: catalog.get(text) }
    : { product: catalog.get(text.slice(0, at)), asked: text.slice(at + 1) };
}

function noProduct(): UsageError {
  return new UsageError('USAGE', 'armload catalog show needs a product', {
    hint: 'Write it like: armload catalog show argo-cd@2.0.5',
  });
}
