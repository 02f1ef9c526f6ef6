/**
 * `node scripts/data.mjs iris|gsm8k|hotpotqa [--from FOLDER]`: the paper's full splits from the original sources, as
 * JSON lines in examples/<name>/full. With `--from` the original files are taken from a folder, for machines without
 * internet. The rows are in an order that depends on nothing but themselves, so everybody gets the same splits.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, path, say } from './packages.mjs';

const gsm8k = 'https://raw.githubusercontent.com/openai/grade-school-math/master/grade_school_math/data';
const hotpotqa = 'http://curtis.ml.cmu.edu/datasets/hotpot';

/** Sizes as in the paper: train, dev, test. */
const sets = {
  iris: async (open) => {
    const rows = shuffled(
      irisRows(await textOf(open('https://archive.ics.uci.edu/ml/machine-learning-databases/iris/iris.data'))),
    );
    return { train: rows.slice(0, 50), dev: rows.slice(50, 100), test: rows.slice(100, 150) };
  },
  gsm8k: async (open) => {
    const rows = shuffled(gsm8kRows(await textOf(open(`${gsm8k}/train.jsonl`))));
    const test = gsm8kRows(await textOf(open(`${gsm8k}/test.jsonl`)));
    return { train: rows.slice(0, 1000), dev: rows.slice(1000, 1500), test };
  },
  hotpotqa: async (open) => {
    // The hard questions, as DSPy's data set takes them: train and dev from train, test from dev.
    const rows = await hotpotRows(open(`${hotpotqa}/hotpot_train_v1.1.json`));
    const hard = shuffled(rows.filter(({ level }) => level === 'hard'));
    const test = shuffled(await hotpotRows(open(`${hotpotqa}/hotpot_dev_fullwiki_v1.json`)));
    return { train: hard.slice(0, 1000), dev: hard.slice(1000, 1500), test: test.slice(0, 1500) };
  },
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2));

async function main(args) {
  const at = args.indexOf('--from');
  const [name, from] = [args[0], at < 0 ? undefined : args[at + 1]];
  if (!Object.hasOwn(sets, name ?? '') || (at >= 0 && from === undefined)) {
    fail(`usage: node scripts/data.mjs ${Object.keys(sets).join('|')} [--from FOLDER]`);
  }
  const folder = path('examples', name, 'full');
  const splits = await makeSplits(name, from);
  mkdirSync(folder, { recursive: true });
  for (const [split, rows] of Object.entries(splits)) {
    writeFileSync(join(folder, `${split}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    say(`${join(folder, `${split}.jsonl`)}: ${rows.length} rows`);
  }
}

/** @returns the rows of train, dev and test. Ends the process, with a message, when the sources cannot be had. */
export async function makeSplits(name, from) {
  try {
    return await sets[name]((url) => (from === undefined ? download(url) : local(url, from)));
  } catch (error) {
    return fail(error.message);
  }
}

/** Pieces of the file behind a URL. */
async function* download(url) {
  say(`reading ${url}`);
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new Error(noInternet(url, error.cause?.message ?? error.message));
  }
  if (!response.ok) throw new Error(noInternet(url, `it answers ${response.status}`));
  yield* response.body;
}

function noInternet(url, why) {
  return (
    `${url} could not be read: ${why}.\nThe full splits are made from the original files, so this needs the internet. ` +
    'Download them on another machine and name their folder with --from. The rows in examples/ work without.'
  );
}

async function* local(url, folder) {
  const file = join(folder, basename(url));
  if (!existsSync(file)) throw new Error(`${file} does not exist. It is ${url}.`);
  yield* createReadStream(file);
}

async function textOf(pieces) {
  const all = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all).toString('utf8');
}

function irisRows(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [sepal_length, sepal_width, petal_length, petal_width, species] = line.trim().split(',');
    return { petal_length, petal_width, sepal_length, sepal_width, answer: species.replace('Iris-', '') };
  });
}

function gsm8kRows(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const { question, answer } = JSON.parse(line);
    const [gold_reasoning, number] = answer.split('####').map((part) => part.trim());
    return { question, gold_reasoning, answer: number.replaceAll(',', '') };
  });
}

async function hotpotRows(pieces) {
  const rows = [];
  for await (const { question, answer, type, level, supporting_facts: facts } of objectsIn(pieces)) {
    rows.push({ question, answer, type, level, gold_titles: [...new Set(facts.map(([title]) => title))].sort() });
  }
  return rows;
}

/** The objects of an array of objects that is longer than a string can be. */
export async function* objectsIn(pieces) {
  let [depth, quoted, escaped] = [0, false, false];
  let parts = [];
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece);
    let start = depth > 0 ? 0 : -1;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (escaped) escaped = false;
      else if (quoted) {
        if (byte === 0x5c) escaped = true;
        else if (byte === 0x22) quoted = false;
      } else if (byte === 0x22) quoted = true;
      else if (byte === 0x7b && depth++ === 0) start = i;
      else if (byte === 0x7d && --depth === 0) {
        yield JSON.parse(Buffer.concat([...parts, bytes.subarray(start, i + 1)]).toString('utf8'));
        [parts, start] = [[], -1];
      }
    }
    if (depth > 0) parts.push(bytes.subarray(start));
  }
}

/** By the hash of each row: an order without a pattern that is the same everywhere. Equal rows stay beside each other. */
function shuffled(rows) {
  const keyed = rows.map((row) => ({ row, key: createHash('sha256').update(JSON.stringify(row)).digest('hex') }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ row }) => row);
}
