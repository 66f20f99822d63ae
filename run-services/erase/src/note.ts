import type { Warehouse } from '@tributary/platform/warehouse';

export interface ErasureNote {
  readonly erasureId: string;
  readonly subject: string;
  readonly requestedAt: Date;
  readonly status: 'running' | 'done';
  /** What was removed, by place. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * `ops.erasures`: that somebody was erased, and when, but not who. A run that goes on after a crash, or comes again, adds to the counts of the one before.
 *
 * @returns the status that was noted before; undefined where nothing was
 */
export async function noteErasure(
  warehouse: Warehouse,
  { erasureId, subject, requestedAt, status, counts }: ErasureNote,
): Promise<ErasureNote['status'] | undefined> {
  const [earlier] = await warehouse.query<{ counts: string | null; status: ErasureNote['status'] }>(
    'SELECT counts, status FROM ops.erasures WHERE erasure_id = @erasureId',
    { params: { erasureId }, labels: { stage: 'erase' } },
  );
  const sums: Record<string, number> = JSON.parse(earlier?.counts ?? '{}');
  for (const [place, count] of Object.entries(counts)) sums[place] = (sums[place] ?? 0) + count;
  await warehouse.query(
    `MERGE ops.erasures AS noted
     USING (SELECT @erasureId AS erasure_id) AS now
     ON noted.erasure_id = now.erasure_id
     WHEN MATCHED THEN UPDATE SET
       status = @status,
       counts = @counts,
       finished_at = IF(@status = 'done', CURRENT_TIMESTAMP(), NULL)
     WHEN NOT MATCHED THEN INSERT (erasure_id, subject, requested_at, finished_at, counts, status)
       VALUES (@erasureId, @subject, TIMESTAMP(@requestedAt), IF(@status = 'done', CURRENT_TIMESTAMP(), NULL), @counts, @status)`,
    {
      params: { erasureId, subject, requestedAt: requestedAt.toISOString(), status, counts: JSON.stringify(sums) },
      labels: { stage: 'erase' },
    },
  );
  return earlier?.status;
}
