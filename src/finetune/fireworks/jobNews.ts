/** What Fireworks tells of a job on its way. */
import type { JobEvent } from '../../engine/interfaces.ts';
import { eventsBehind } from '../base/eventsBehind.ts';
import { metricEvents, metricRowSchema } from '../base/metricRows.ts';
import type { MetricRow } from '../base/metricRows.ts';
import { askSigned } from '../base/signedUrl.ts';
import type { Gateway } from './gateway.ts';
import type { Job } from './wire.ts';

/** The steps of its metrics file, where it has one; otherwise how far it is. */
export async function newsOf(
  gateway: Gateway,
  id: string,
  job: Job,
  afterEvent: string | null,
  signal: AbortSignal,
): Promise<readonly JobEvent[]> {
  const { metricsFileSignedUrl: url } = job;
  if (url == null || url === '') return eventsBehind(progressOf(job), afterEvent);
  const what = `the metrics of job ${id}`;
  const { client } = gateway;
  const ask = (attempt: AbortSignal) => askSigned(client, url, { method: 'GET' }, attempt);
  const text = await client.optional(what, '', signal, (own, retry) => client.ask(what, own, ask, { retry }));
  return eventsBehind(metricEvents(rowsIn(text)), afterEvent);
}

function progressOf({ jobProgress, updateTime }: Job): readonly JobEvent[] {
  const { percent, epoch } = jobProgress ?? {};
  if (percent == null || percent < 0 || percent > 100) return [];
  const message = `${percent} % done${epoch == null ? '' : `, epoch ${epoch}`}`;
  const time = Date.parse(updateTime ?? '');
  return [{ id: `${percent} %`, time: Number.isNaN(time) ? 0 : time, message, ...(epoch == null ? {} : { epoch }) }];
}

/** JSON lines; a last one that is still being written is left out. */
function rowsIn(text: string): readonly MetricRow[] {
  return text.split('\n').flatMap((line): readonly MetricRow[] => {
    try {
      const row = metricRowSchema.safeParse(JSON.parse(line)).data;
      return row === undefined ? [] : [row];
    } catch {
      return [];
    }
  });
}
