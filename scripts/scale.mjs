/** `node scripts/scale.mjs`: the numbers of docs/scale.md, from the paper's settings and the assumptions named there. */

/** The paper's data sets and programs: rows, calls of one program run, T and V of a prompt step. */
const tasks = [
  { name: 'HotPotQA', train: 1000, dev: 500, test: 1500, t: 100, v: 250, calls: 3 },
  { name: 'GSM8K', train: 1000, dev: 500, test: 1319, t: 100, v: 250, calls: 1 },
  { name: 'Iris', train: 50, dev: 50, test: 50, t: 15, v: 35, calls: 1 },
];
const models = 3;
const seeds = 3;
/** Zero-shot, labels only, the unshuffled bootstrap, and six random ones. */
const candidates = 9;
const bootstraps = 7;
/** All eight strategies are the nodes of one tree of prefixes: '', p, w, pp, ww, pw, wp, pwp. Shared ones run once. */
const steps = { p: 4, w: 3 };
const nodes = steps.p + steps.w;

/** Program runs at most, of one LM and one seed, and those of the baseline, which no seed changes. */
function runsOf({ train, dev, test, t, v }) {
  const search = candidates * v + bootstraps * t;
  return { p: steps.p * search, w: steps.w * train, score: nodes * (dev + test), vanilla: dev + test };
}

const whole = (number) => Math.round(number).toLocaleString('en');

console.log(
  '| task | p | w | scoring | program runs, 3 seeds | calls, one LM |\n| --- | --: | --: | --: | --: | --: |',
);
let total = 0;
for (const task of tasks) {
  const { p, w, score, vanilla } = runsOf(task);
  const runs = seeds * (p + w + score) + vanilla;
  total += runs * task.calls;
  console.log(`| ${task.name} | ${[p, w, score, runs, runs * task.calls].map(whole).join(' | ')} |`);
}
console.log(`| all, 3 LMs | | | | | ${whole(total * models)} |`);
console.log(`\ntraining jobs: ${models * tasks.length * seeds * steps.w}`);

/** The paper: about 75 A100 hours for all of it, training included. */
const paperHours = 75;
const million = 1e6;
const callsPerHour = (total * models) / paperHours;
console.log(
  `calls for each A100 hour, training included: ${whole(callsPerHour)} (${(callsPerHour / 3600).toFixed(1)} a second)`,
);

const dollars = 2;
console.log(`\n| GPUs | hours, Table 1 | hours, a million calls | GPU hours | dollars at ${dollars} each |`);
console.log('| --: | --: | --: | --: | --: |');
for (const gpus of [1, 4, 8, 16]) {
  const [table, run] = [paperHours / gpus, million / callsPerHour / gpus];
  console.log(
    `| ${gpus} | ${table.toFixed(1)} | ${run.toFixed(1)} | ${whole(million / callsPerHour)} | ${whole((million / callsPerHour) * dollars)} |`,
  );
}

const client = { milliseconds: 0.25 };
console.log(
  `\nour own CPU for a million calls at ${client.milliseconds} ms: ${((million * client.milliseconds) / 1000 / 60).toFixed(1)} minutes`,
);
for (const latency of [0.5, 2]) {
  for (const inFlight of [32, 256]) {
    const hours = (million * latency) / inFlight / 3600;
    console.log(`a million calls of ${latency} s, ${inFlight} in flight: ${hours.toFixed(1)} h at least`);
  }
}

/** Two matrices of rank r on q and k of each layer: r × (in + out) numbers a module. */
const adapter = ({ layers, shapes, rank, bytes }) =>
  (layers * shapes.reduce((sum, [inputs, outputs]) => sum + rank * (inputs + outputs), 0) * bytes) / 2 ** 20;
const paper = adapter({
  layers: 32,
  shapes: [
    [4096, 4096],
    [4096, 1024],
  ],
  rank: 32,
  bytes: 2,
});
console.log(
  `\nan adapter of rank 32 on q and k, 32 layers of width 4096 with 8 key/value heads of 128, bfloat16: ${paper.toFixed(0)} MiB`,
);
const price = { input: 0.2, output: 0.6, training: 3 };
const tokens = { input: 700, output: 60 };
const hosted = (million * (tokens.input * price.input + tokens.output * price.output)) / 1e6;
console.log(
  `a million calls of ${tokens.input} + ${tokens.output} tokens at $${price.input} and $${price.output} a million: $${whole(hosted)}`,
);
const rows = 3000;
const epochs = 5;
const training = (rows * epochs * (tokens.input + tokens.output) * price.training) / 1e6;
console.log(
  `a job of ${whole(rows)} rows, ${epochs} epochs, at $${price.training} a million trained tokens: $${whole(training)}`,
);
