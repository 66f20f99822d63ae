import { CHAIN_EVENT_TYPES, type ChainEventType } from '@tributary/platform/events';
import { z } from 'zod';

const target = {
  function: z.string().min(1),
  url: z.url({ protocol: /^http$/, error: 'expected an http URL' }),
};

/** Which function is told what: the triggers of the cloud. */
export const routesSchema = z
  .array(
    z.discriminatedUnion('on', [
      z.strictObject({
        ...target,
        on: z.literal('object'),
        bucket: z.string().min(1),
        prefix: z.string().default(''),
      }),
      z.strictObject({ ...target, on: z.literal('chain'), types: z.array(z.enum(CHAIN_EVENT_TYPES)).min(1) }),
    ]),
  )
  .min(1);

/** All that one function is told. */
export interface FunctionRoutes {
  readonly name: string;
  readonly url: string;
  readonly objects: readonly { readonly bucket: string; readonly prefix: string }[];
  readonly chain: ReadonlySet<ChainEventType>;
}

/** The routes of each function together. */
export function byFunction(routes: z.output<typeof routesSchema>): FunctionRoutes[] {
  const names = [...new Set(routes.map((route) => route.function))];
  return names.map((name) => {
    const own = routes.filter((route) => route.function === name);
    return {
      name,
      url: own[0]!.url,
      objects: own.filter((route) => route.on === 'object'),
      chain: new Set(own.flatMap((route) => (route.on === 'chain' ? route.types : []))),
    };
  });
}
