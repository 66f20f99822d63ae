import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parsePiiKeys } from '@tributary/platform/pii';
import { readBatch } from './batch.ts';
import { Translator } from './translate.ts';

const INGESTED_AT = '2026-11-21T05:53:39.000000Z';

/** Recorded from Debezium; the pipeline makes the same rows of each (dataflow-flink, ProducersTest). */
const [head, ...cases] = readFileSync(new URL('producers.ndjson', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');
const { keys, contract } = JSON.parse(head!);
const translator = new Translator(new Map([[contract.stream, contract]]), parsePiiKeys(JSON.stringify(keys)));

describe('recorded changes of a table of every type', () => {
  test.each(cases.map((line, index) => [index + 1, line] as const))(
    'number %d is translated as recorded',
    (_n, line) => {
      const { expected } = JSON.parse(line);
      // Its text, for it holds integers beyond 2^53.
      const engine = line.slice(line.indexOf(':') + 1, line.indexOf(',"expected":'));
      const [bare, wrapped] = readBatch(`[${engine},{"schema":{"type":"struct"},"payload":${engine}}]`);
      for (const element of [bare!, wrapped!]) {
        const made = translator.translate(element, INGESTED_AT);
        if (expected.event) expect(made).toMatchObject({ kind: 'change', event: expected.event });
        else expect(made).toMatchObject({ kind: 'dead-letter', letter: { ...expected.refused, stage: 'bridge' } });
      }
    },
  );
});
