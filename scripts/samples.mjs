/** The sample projects that the extension makes on request, `dist/sample/<language>`: the example that `npm start` runs. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { root } from './packages.mjs';

const example = join(root, 'examples', 'intents');
const rows = ['train.jsonl', 'dev.jsonl', 'test.jsonl'];

/** From the table of its files on. */
const about = readFileSync(join(example, 'README.md'), 'utf8').replace(/^[^]*?(?=\| file)/, '');

const readme = {
  typescript: `# A first program

\`program.ts\` classifies what a user says to an assistant. \`bettertogether.json\` says how it is optimized: on the model that comes
with BetterTogether, which runs and trains on this machine without a key.

1. Open \`program.ts\` and click **Optimize** above the class. The model is set up once, about 1 GB.
2. Look at the price, then **Start**. A run takes some minutes on two cores; close the window if you like.
3. **Open run** shows what each step gained, and **Export Program** takes the result home.

${about}`,
  python: `# A first program

\`program.py\` is a DSPy module that classifies what a user says to an assistant, with its metric.

1. It needs a Python with DSPy: \`python3 -m venv .venv && .venv/bin/pip install dspy\`.
2. Open \`program.py\` and click **Optimize** above the class. You are asked for the rows (\`train.jsonl\`), the metric (\`right_domain\`) and the
   endpoint that serves your model; the answers go to \`bettertogether.json\`.
3. Look at the price, then **Start**. **Open run** shows what each step gained, and **Export Program** takes the result home.

${about}`,
};

export function writeSamples() {
  const folder = join(root, 'dist', 'sample');
  rmSync(folder, { recursive: true, force: true });
  for (const [language, program] of [
    ['typescript', 'program.ts'],
    ['python', 'program.py'],
  ]) {
    const to = join(folder, language);
    mkdirSync(to, { recursive: true });
    for (const file of [program, ...rows]) copyFileSync(join(example, file), join(to, file));
    writeFileSync(join(to, 'README.md'), readme[language]);
  }
  writeFileSync(join(folder, 'typescript', 'bettertogether.json'), configuration());
}

/** That of `npm start` without its other steps, with the files where the sample has them. */
function configuration() {
  const { programs, endpoints } = parse(readFileSync(join(root, 'bettertogether.json'), 'utf8'));
  const here = (path) => path.replace('examples/intents/', '');
  const intents = Object.fromEntries(Object.entries(programs.intents).filter(([key]) => key !== 'steps'));
  const paths = Object.fromEntries(['program', 'train', 'dev', 'test'].map((key) => [key, here(intents[key])]));
  return `${JSON.stringify({ programs: { intents: { ...intents, ...paths } }, endpoints }, null, 2)}\n`;
}
