/** What is published, as data: the manifests of the npm packages, the extension's page, and what has to be set before. */

/** Fields of package.json that say whose this is. They are absent until somebody publishes it. */
const owned = {
  repository: 'where the source is; npm and both marketplaces link to it, and show pictures from it',
  bugs: 'where problems are reported',
  homepage: 'the page about it',
};

/** The publisher in package.json until then. */
const placeholder = 'bettertogether';

/** Lines about what is to be set in package.json before publishing, and how the pages are meanwhile; none when all is. */
export function beforePublishing(manifest) {
  const unset = Object.entries(owned).filter(([field]) => manifest[field] === undefined);
  const publisher = ['publisher', `your own, in place of the placeholder "${placeholder}"`];
  const needed = manifest.publisher === placeholder ? [...unset, publisher] : unset;
  const fields = [
    'Before this is published, package.json needs:',
    ...needed.map(([field, what]) => `  ${field.padEnd(12)}${what}`),
  ];
  const pictures = [
    "The extension's page is without its pictures, which come from a repository whose address begins with",
    'https://github.com/ or https://gitlab.com/. It has no link that leads nowhere.',
  ];
  return [...(needed.length > 0 ? fields : []), ...(picturesOf(manifest.repository) === null ? pictures : [])];
}

/** Where files of the repository are served as they are, with a slash at the end; `null`: nobody knows. */
function picturesOf(repository) {
  const url = typeof repository === 'string' ? repository : repository?.url;
  const known = /^(?:git\+)?https:\/\/(github|gitlab)\.com\/([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(url ?? '');
  if (known === null) return null;
  const [, host, path] = known;
  return `https://${host}.com/${path}/${host === 'github' ? '' : '-/'}raw/HEAD/`;
}

/**
 * The extension's page. Both marketplaces and VS Code show pictures that come by https and no others.
 *
 * @param text media/README.md, with pictures relative to `media`.
 */
export function extensionPage(text, { repository }) {
  const from = picturesOf(repository);
  return from === null
    ? text.replace(/^!\[[^\]]*\]\([^)]*\)\n\n/gm, '')
    : text.replace(/^(!\[[^\]]*\]\()([^)]*\))/gm, `$1${from}media/$2`);
}

const common = (manifest) => ({
  version: manifest.version,
  license: manifest.license,
  ...Object.fromEntries(
    ['author', ...Object.keys(owned)].flatMap((field) =>
      manifest[field] === undefined ? [] : [[field, manifest[field]]],
    ),
  ),
  type: 'module',
  engines: { node: manifest.engines.node },
});

/** `bettertogether`, what programs in TypeScript import: one file without dependencies, and its types. */
export function sdkManifest(manifest) {
  return {
    name: 'bettertogether',
    description: 'LM programs in TypeScript, with signatures in DSPy’s grammar, that bettertogether-cli can optimize.',
    keywords: manifest.keywords,
    ...common(manifest),
    sideEffects: false,
    exports: {
      '.': { types: './types/program/sdk.d.ts', default: './sdk.js' },
      './package.json': './package.json',
    },
    // Schemas are the user's, so their zod has to be the one that our types mean. 3.25 has zod 4 as `zod/v4`, whole since 3.25.76.
    peerDependencies: { zod: '^3.25.76 || ^4.0.0' },
  };
}

/** `bettertogether-cli`, the command: all in one, as the extension brings it. */
export function cliManifest(manifest) {
  return {
    name: 'bettertogether-cli',
    description:
      'Makes LM programs in DSPy or TypeScript better: alternates prompt search and weight fine-tuning on your own data.',
    keywords: manifest.keywords,
    ...common(manifest),
    bin: { bettertogether: 'dist/cli.js' },
  };
}
