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

/** The variables that are sent to the target as headers. Credentials among their values are known as keys from here on. */
export function headerVariablesIn(env: NodeJS.ProcessEnv): readonly string[] {
  const set = headerVariables.filter((name) => (env[name] ?? '').trim() !== '');
  for (const name of set) for (const value of credentialsIn(env[name]!)) knowKey(value);
  return set;
}

/** Each credential as it is written and as it is sent, and what of it follows a scheme (`Bearer …`). */
function credentialsIn(text: string): readonly string[] {
  const written = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, Math.max(0, at)).trim(), pair.slice(at + 1).trim()];
    return isCredential(name, decoded(value)) ? [value] : [];
  });
  const sent = written.flatMap((value) => [value, decoded(value)]);
  return [...sent, ...sent.map((value) => value.replace(scheme, ''))].filter((value) => value !== '');
}

const scheme = /^(?:bearer|basic|api-key)(?:\s|%20)+/i;
const credentialName = /auth|key|token|secret|cookie|passw|credential|signature|dsn/i;
/** As services begin their keys, and tokens of JSON. */
const keyPrefix = /^(?:sk|pk|rk|hf|gh[opsu]|github_pat|glpat|xox[a-z]|hc[a-z]{2}k|eyJ)[-_A-Za-z0-9]/;

/**
 * A header that is named as one that holds a credential, or whose value looks like one (`x-honeycomb-team`). A value without
 * a name may be a key that was put there alone. Other headers name a data set or a tenant: words that contents may hold too.
 */
function isCredential(name: string, value: string): boolean {
  if (name === '' || credentialName.test(name) || scheme.test(value)) return true;
  if (keyPrefix.test(value) && value.length >= 16) return true;
  return value.split(/[^\w+/]+/).some((run) => run.length >= 20 && /\d/.test(run) && /[a-z]/i.test(run));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
