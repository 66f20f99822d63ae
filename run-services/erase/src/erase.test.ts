import { describe, expect, test } from '@jest/globals';
import { isNobody } from './erase.ts';
import type { Found } from './place.ts';

describe('a number', () => {
  const places = (...found: Partial<Found>[]) =>
    new Map(found.map((each, at) => [`place ${at}`, { found: 0, removed: 0, notes: [], ...each }]));

  test("is nobody's where all that was found has it under no name", () => {
    expect(isNobody(places({}, { found: 2, guessed: 2 }))).toBe(true);
  });

  test("is somebody's where anything names them", () => {
    expect(isNobody(places({ found: 2, guessed: 2 }, { found: 1 }))).toBe(false);
    expect(isNobody(places({ found: 2, guessed: 1 }))).toBe(false);
  });
});
