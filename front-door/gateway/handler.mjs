// What serverless-offline loads: it knows no TypeScript, but Node does.
import { gateway } from '../../local-emulator/src/gateway/gateway.ts';

export const handler = gateway(process.env.GATEWAY_STATE ?? '');
