import type { Lake } from '../lake/port.ts';
import { Incidents } from './incidents.ts';

/** Of each view that something keeps back now, the names of the incidents. */
export type KeptBack = Readonly<Record<string, string[]>>;

/**
 * The views that open incidents of these owners keep back.
 *
 * An event that lets a view go on may be acted upon long after it was told: runs wait, are merged, and are carried over. An owner remembers what is wrong
 * before it tells it, and forgets it before it lets the view go on again. So what is open now is the newest verdict on the view, whatever the event says; and
 * whoever leaves the view out for it loses nothing, for an event that lets it go on follows the end of the incident.
 *
 * @param bucket of `control/`
 */
export async function viewsKeptBack(lake: Lake, bucket: string, owners: readonly string[]): Promise<KeptBack> {
  const found = await Promise.all(owners.map((owner) => new Incidents(lake, bucket, owner).open()));
  const kept: Record<string, string[]> = {};
  for (const { incident, views } of found.flat()) {
    for (const view of views) kept[view] = [...(kept[view] ?? []), incident].sort();
  }
  return kept;
}

/** Which of the views may go on, and which may not, with what keeps each back. */
export function sortOut(
  views: readonly string[],
  kept: KeptBack,
): { readonly free: string[]; readonly held: KeptBack } {
  const held = Object.fromEntries(views.flatMap((view) => (kept[view] ? [[view, kept[view]]] : [])));
  return { free: views.filter((view) => !(view in held)), held };
}
