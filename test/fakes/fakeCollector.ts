/** A collector of OpenTelemetry spans on this machine: OTLP over HTTP in protobuf, read as `trace.proto` has it. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type CollectedValue = string | number | boolean | readonly CollectedValue[] | null;
export type CollectedAttributes = Readonly<Record<string, CollectedValue>>;

export interface CollectedSpan {
  readonly trace: string;
  readonly id: string;
  /** '' for a root. */
  readonly parent: string;
  readonly name: string;
  /** 1: internal, 3: client. */
  readonly kind: number;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly attributes: CollectedAttributes;
  readonly events: readonly { readonly name: string; readonly attributes: CollectedAttributes }[];
  /** 2: an error. */
  readonly status: number;
  readonly resource: CollectedAttributes;
}

export interface FakeCollector {
  /** Its base. */
  readonly url: string;
  readonly spans: CollectedSpan[];
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer }[];
  /** What it answers from now on; `hang`: nothing. Default 200. */
  answer: number | 'hang';
  close(): Promise<void>;
}

export async function startFakeCollector(): Promise<FakeCollector> {
  const spans: CollectedSpan[] = [];
  const requests: FakeCollector['requests'] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      requests.push({ path: request.url ?? '', headers: request.headers, body });
      if (collector.answer === 'hang') return;
      if (collector.answer === 200) spans.push(...spansIn(body));
      response.writeHead(collector.answer, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: FakeCollector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    answer: 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return collector;
}

/** A message's fields by number: bytes where they have a length, else numbers. */
type Message = ReadonlyMap<number, readonly (Buffer | bigint)[]>;

function messageIn(bytes: Buffer): Message {
  const fields = new Map<number, (Buffer | bigint)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('the message is torn');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = fields.get(tag >> 3) ?? [];
    fields.set(tag >> 3, field);
    if ((tag & 7) === 0) field.push(varint());
    else if ((tag & 7) === 1) field.push(take(8).readBigUInt64LE());
    else if ((tag & 7) === 2) field.push(take(Number(varint())));
    else if ((tag & 7) === 5) field.push(BigInt(take(4).readUInt32LE()));
    else throw new Error(`no wire type ${tag & 7}`);
  }
  return fields;
}

const messages = (message: Message, field: number): readonly Message[] =>
  (message.get(field) ?? []).map((one) => messageIn(one as Buffer));
const text = (message: Message, field: number): string =>
  (message.get(field)?.[0] as Buffer | undefined)?.toString('utf8') ?? '';
const hex = (message: Message, field: number): string =>
  (message.get(field)?.[0] as Buffer | undefined)?.toString('hex') ?? '';
const number = (message: Message, field: number): number =>
  Number((message.get(field)?.[0] as bigint | undefined) ?? 0n);
const milliseconds = (message: Message, field: number): number => number(message, field) / 1e6;

function spansIn(body: Buffer): readonly CollectedSpan[] {
  return messages(messageIn(body), 1).flatMap((resourceSpans) => {
    const [about] = messages(resourceSpans, 1);
    const resource = about === undefined ? {} : attributesIn(about, 1);
    return messages(resourceSpans, 2).flatMap((scope) => messages(scope, 2).map((span) => spanOf(span, resource)));
  });
}

function spanOf(span: Message, resource: CollectedAttributes): CollectedSpan {
  const [status] = messages(span, 15);
  return {
    trace: hex(span, 1),
    id: hex(span, 2),
    parent: hex(span, 4),
    name: text(span, 5),
    kind: number(span, 6),
    start: milliseconds(span, 7),
    end: milliseconds(span, 8),
    attributes: attributesIn(span, 9),
    events: messages(span, 11).map((event) => ({ name: text(event, 2), attributes: attributesIn(event, 3) })),
    status: status === undefined ? 0 : number(status, 3),
    resource,
  };
}

function attributesIn(message: Message, field: number): CollectedAttributes {
  return Object.fromEntries(messages(message, field).map((pair) => [text(pair, 1), valueOf(messages(pair, 2)[0]!)]));
}

function valueOf(value: Message): CollectedValue {
  const [field, [first] = []] = [...value][0] ?? [];
  switch (field) {
    case 1:
      return (first as Buffer).toString('utf8');
    case 2:
      return first === 1n;
    case 3:
      return Number(BigInt.asIntN(64, first as bigint));
    case 4: {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(first as bigint);
      return bytes.readDoubleLE();
    }
    case 5:
      return messages(messageIn(first as Buffer), 1).map(valueOf);
    default:
      return null;
  }
}
