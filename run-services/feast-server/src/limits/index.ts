/** Bounds on what requests take: time, number, bytes, values. */
export { Admission } from './admission.ts';
export { deadlines } from './deadlines.ts';
export { requireRequestSize } from './request-size.ts';
export { type Limits, readLimits } from './settings.ts';
