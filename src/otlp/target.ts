/** Where spans are sent: by the user's own word alone, an option of the command line or a setting of theirs. */
import { UsageError } from '../base/errors.ts';
import { knowKey } from '../base/keys.ts';
import { normaliseBaseURL } from '../data/baseUrl.ts';

export interface OtlpTarget {
  /** Spans are posted here, as protobuf. */
  readonly url: string;
  /** Whether prompts, answers and rows go there too. */
  readonly content: boolean;
}

const tracesPath = '/v1/traces';

/**
 * @param url of a collector, as `OTEL_EXPORTER_OTLP_ENDPOINT` would have it: `http://127.0.0.1:4318`, or with its path for traces.
 * @param where it was given, for the message.
 * @throws UsageError for what is no address, or carries a password or a query.
 */
export function otlpTarget(url: string, content: boolean, where: string): OtlpTarget {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed !== null && (parsed.username !== '' || parsed.password !== '')) {
    throw new UsageError(
      `${where} carries a user name or password. Set OTEL_EXPORTER_OTLP_HEADERS in the environment instead ` +
        '("authorization=Bearer%20…").',
    );
  }
  const base = normaliseBaseURL(url, where);
  return { url: base.endsWith(tracesPath) ? base : `${base}${tracesPath}`, content };
}

/** Headers for spans, such as a key; as the OpenTelemetry specification names them. */
const headerVariables = ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'] as const;

/** The variables that are sent to the target as headers. Their values are known as keys from here on. */
export function headerVariablesIn(env: NodeJS.ProcessEnv): readonly string[] {
  const set = headerVariables.filter((name) => (env[name] ?? '').trim() !== '');
  for (const name of set) for (const value of headerValues(env[name]!)) knowKey(value);
  return set;
}

/** Each value as it is written and as it is sent, and what of it follows a scheme (`Bearer …`). */
function headerValues(text: string): readonly string[] {
  const written = text.split(',').map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
  const sent = written.flatMap((value) => [value, decoded(value)]);
  return [...sent, ...sent.map((value) => value.replace(/^(?:bearer|basic|api-key)(?:\s|%20)+/i, ''))].filter(
    (value) => value !== '',
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
