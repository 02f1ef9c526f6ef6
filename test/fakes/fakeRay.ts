/** A Ray head's Jobs API, answering as Ray 2.60 was recorded to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { unzipSync } from 'fflate';
import { readBody, send } from './fakeHttp.ts';

export interface FakeRayJob {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
  status: string;
  logs: string;
  message: string;
  errorType: string | null;
}

export interface FakeRay {
  readonly baseURL: string;
  readonly jobs: readonly FakeRayJob[];
  /** Uploaded packages: name → files by path. */
  readonly packages: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly uploads: number;
  readonly stopped: readonly string[];
  readonly keys: ReadonlySet<string | undefined>;
  /** The next job creation is done, and its answer lost. */
  loseNextAnswer(): void;
  close(): Promise<void>;
}

export async function startFakeRay(): Promise<FakeRay> {
  const jobs: FakeRayJob[] = [];
  const packages = new Map<string, Record<string, string>>();
  const stopped: string[] = [];
  const keys = new Set<string | undefined>();
  let uploads = 0;
  let lose = false;

  const text = (response: ServerResponse, status: number, said: string) => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(said);
  };
  const submit = (body: Record<string, unknown>, response: ServerResponse) => {
    const id = String(body['submission_id']);
    const { working_dir: dir } = body['runtime_env'] as { working_dir?: string };
    if (jobs.some((job) => job.id === id)) return text(response, 500, alreadyThere(id));
    if (!packages.has(dir?.replace('gcs://', '') ?? ''))
      return text(response, 400, `Package ${String(dir)} does not exist`);
    jobs.push({ id, body, status: 'PENDING', logs: '', message: '', errorType: null });
    if (lose) {
      lose = false;
      response.destroy();
    } else send(response, 200, { job_id: id, submission_id: id });
  };
  const job = (method: string, [id = '', action]: string[], response: ServerResponse) => {
    const found = jobs.find((one) => one.id === id);
    if (found === undefined) return text(response, 404, `Job ${id} does not exist`);
    if (action === 'logs') return send(response, 200, { logs: found.logs });
    if (action === 'stop' && method === 'POST') {
      stopped.push(id);
      const runs = found.status === 'PENDING' || found.status === 'RUNNING';
      if (runs) found.status = 'STOPPED';
      return send(response, 200, { stopped: runs });
    }
    const { status, message, errorType, body } = found;
    const { entrypoint, metadata, runtime_env: env } = body;
    send(response, 200, {
      ...{ type: 'SUBMISSION', job_id: null, submission_id: id, driver_info: null, status, entrypoint, message },
      ...{ error_type: errorType, start_time: 1_795_447_970_816, end_time: null, metadata, runtime_env: env },
    });
  };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const raw = await readBody(request);
    const { pathname } = new URL(request.url ?? '/', 'http://fake');
    const method = request.method ?? 'GET';
    keys.add(request.headers.authorization);
    const [, , what, ...rest] = pathname.split('/');
    if (what === 'packages') {
      const name = rest[1] ?? '';
      if (method === 'PUT') {
        uploads++;
        const files = Object.entries(unzipSync(raw)).map(([path, bytes]) => [
          path,
          Buffer.from(bytes).toString('utf8'),
        ]);
        packages.set(name, Object.fromEntries(files) as Record<string, string>);
        response.writeHead(200).end();
      } else if (packages.has(name)) response.writeHead(200).end();
      else text(response, 404, `Package gcs://${name} does not exist`);
    } else if (what === 'jobs' && method === 'POST' && rest.join('') === '')
      submit(JSON.parse(raw.toString()) as Record<string, unknown>, response);
    else if (what === 'jobs') job(method, rest, response);
    else text(response, 404, '404: Not Found');
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    jobs,
    packages,
    get uploads() {
      return uploads;
    },
    stopped,
    keys,
    loseNextAnswer: () => {
      lose = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Recorded: the dashboard passes the agent's 400 on as a 500. */
const alreadyThere = (id: string) => `Traceback (most recent call last):
  File "ray/dashboard/modules/job/job_head.py", line 419, in submit_job
    resp = await job_agent_client.submit_job_internal(submit_request)
RuntimeError: Request failed with status code 400: Traceback (most recent call last):
  File "ray/dashboard/modules/job/job_manager.py", line 553, in submit_job
    raise ValueError(
ValueError: Job with submission_id ${id} already exists. Please use a different submission_id.
.
`;
