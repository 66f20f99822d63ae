import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AnyRequest } from './requests.ts';

/** An answer in a form in which two that mean the same are equal. */
export interface ComparableAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: unknown;
}

/**
 * Sends a request to a server and puts its answer into a comparable form. On a connection of its own: uvicorn ends one after an answer of 500 without saying so.
 */
export async function ask(url: string, { method, path, body, contentType }: AnyRequest): Promise<ComparableAnswer> {
  const sent = request(`${url}${path}`, {
    method,
    agent: false,
    headers: {
      ...(contentType === '' ? {} : { 'content-type': contentType }),
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? null,
    body: comparable(Buffer.concat(chunks).toString()),
  };
}

function comparable(text: string): unknown {
  if (text === '') return '';
  const parsed = exactly(text);
  if (typeof parsed === 'string') return inOrder(parsed);
  if (typeof parsed !== 'object' || parsed === null || !('results' in parsed)) return parsed;
  const { results, metadata, ...rest } = parsed as { results: unknown[]; metadata: Record<string, unknown> };
  const { feature_names: names, feature_view_metadata: views, ...others } = metadata as Record<string, unknown[]>;
  // Feast's order of features is that of a Python set.
  const columns = results.map((result, index) => ({ name: names![index], result })).sort(byText);
  return { columns, count: names!.length, views: [...(views ?? [])].sort(byText), others, rest };
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Parses with every number as its text: 1.0 is not 1 here, and nothing is rounded. */
function exactly(text: string): unknown {
  const reviver = (_key: string, value: unknown, context: { readonly source?: string }): unknown =>
    typeof value === 'number' ? `number ${context.source}` : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

/** Messages that print a Python set, in an order of our own. */
function inOrder(message: string): string {
  return message
    .replace(/not in \{(.*)\}/, (_, items: string) => `not in {${items.split(', ').sort().join(', ')}}`)
    .replace(
      /Duplicate features named (.*?) found/,
      (_, items: string) => `Duplicate features named ${items.split(', ').sort().join(', ')} found`,
    );
}
