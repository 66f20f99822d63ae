import type { MaskKeep } from '../contracts/contract.ts';

/** Dotted decimal, each part 0 to 255. */
const IPV4 =
  /^(25[0-5]|2[0-4]\d|1?\d?\d)\.(25[0-5]|2[0-4]\d|1?\d?\d)\.(?:25[0-5]|2[0-4]\d|1?\d?\d)\.(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;

/** Below this length, the last two characters would be too much of the whole. */
const MIN_LENGTH_FOR_LAST2 = 6;

const MASKS: Readonly<Record<MaskKeep, (value: string) => string>> = {
  // An IPv6 address has no such prefix that is harmless in every network; nothing of it is kept.
  ipv4_prefix16: (value) => {
    const [, first, second] = IPV4.exec(value) ?? [];
    return first === undefined ? '*' : `${first}.${second}.*.*`;
  },
  last2: (value) => {
    const characters = [...value];
    return characters.length < MIN_LENGTH_FOR_LAST2 ? '**…' : `**…${characters.slice(-2).join('')}`;
  },
};

/** Keeps the harmless part of a value; what has none is masked whole, and the mask does not tell the length. Characters are code points. */
export function mask(value: string, keep: MaskKeep): string {
  return MASKS[keep](value);
}
