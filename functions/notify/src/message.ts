import type { Facts, Notice } from './notice.ts';

/** Where links lead. */
export interface Links {
  /** With `{run_id}` and `{event_id}`; undefined where there is no place to look at a run. */
  readonly runUrlTemplate: string | undefined;
  /** What the name of a runbook is put behind; undefined: its path in the repository is told instead. */
  readonly runbookUrl: string | undefined;
}

export interface Link {
  readonly label: string;
  readonly url: string;
}

/** One message to people, which each channel writes in its own markup. All text is plain. */
export interface Message {
  /** Messages of one incident have the same: a thread, where the channel has threads. */
  readonly thread: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** To be shown as it is. */
  readonly code: readonly string[];
  readonly links: readonly Link[];
}

const INDEX = 'README';

/** What went wrong, by the event's type; the rest is said by its code. */
const WHAT: Readonly<Record<string, string>> = {
  'transform.finished': 'dbt failed',
  'quality.checked': 'A quality gate failed',
  'features.materialized': 'Features could not be put online',
};

/** The message of one notice. */
export function messageOf(notice: Notice, links: Links): Message {
  const { kind, facts } = notice;
  return {
    thread: facts.name,
    title: titleOf(notice),
    paragraphs: [
      ...placesOf(facts),
      ...(kind === 'cleared' ? [] : pairs('counts', facts.counts)),
      historyOf(notice),
      ...(kind === 'cleared' || linksOf(facts, links).some(({ label }) => label === 'Runbook')
        ? []
        : [`runbook: docs/runbooks/${facts.runbook ?? INDEX}.md`]),
    ],
    code: kind === 'cleared' ? [] : facts.samples,
    links: kind === 'cleared' ? linksOf(facts, links).slice(0, 1) : linksOf(facts, links),
  };
}

/** One message of many notices, for when there are too many to send one by one. */
export function foldedMessage(notices: readonly Notice[], links: Links): Message {
  const count = (kind: Notice['kind']) => notices.filter((notice) => notice.kind === kind).length;
  const parts = [
    [count('opened'), 'opened'],
    [count('reminder'), 'still open'],
    [count('cleared'), 'cleared'],
  ] as const;
  const summary = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  const runbooks = [...new Set(notices.map(({ facts }) => facts.runbook ?? INDEX))].sort();
  return {
    thread: notices[0]?.id ?? '',
    title: `${notices.length} incidents at once: ${summary.join(', ')}`,
    paragraphs: [
      ...notices.map((notice) => `${titleOf(notice)} · ${notice.facts.name} · run ${notice.facts.runId}`),
      `runbooks: ${runbooks.map((name) => `docs/runbooks/${name}.md`).join(', ')}`,
    ],
    code: [],
    links: links.runbookUrl ? [{ label: 'Runbooks', url: joined(links.runbookUrl, `${INDEX}.md`) }] : [],
  };
}

function titleOf({ kind, facts }: Notice): string {
  const gate = facts.details.gate === undefined ? '' : ` (${facts.details.gate})`;
  const what = `${WHAT[facts.type] ?? 'Something needs a look'}${gate}: ${facts.code}`;
  if (kind === 'cleared') return `Over: ${what}`;
  return kind === 'reminder' ? `Still open: ${what}` : what;
}

function placesOf({ name, streams, views, details }: Facts): string[] {
  const { gate: _, ...others } = details;
  return [
    `incident: ${name}`,
    ...(streams.length > 0 ? [`streams: ${streams.join(', ')}`] : []),
    ...(views.length > 0 ? [`views: ${views.join(', ')}`] : []),
    ...pairs('at', others),
  ];
}

function pairs(label: string, values: Readonly<Record<string, string | number>>): string[] {
  const told = Object.entries(values).map(([name, value]) => `${name} ${value}`);
  return told.length > 0 ? [`${label}: ${told.join(', ')}`] : [];
}

function historyOf({ kind, events, first, last, facts }: Notice): string {
  const since = events > 1 ? `${events} events from ${first} to ${last}` : first;
  return `${kind === 'cleared' ? 'it was ' : ''}${since}, run ${facts.runId}`;
}

function linksOf({ runId, eventId, runbook }: Facts, { runUrlTemplate, runbookUrl }: Links): Link[] {
  const run = runUrlTemplate
    ?.replaceAll('{run_id}', encodeURIComponent(runId))
    .replaceAll('{event_id}', encodeURIComponent(eventId));
  return [
    ...(run ? [{ label: 'Run', url: run }] : []),
    ...(runbookUrl ? [{ label: 'Runbook', url: joined(runbookUrl, `${runbook ?? INDEX}.md`) }] : []),
  ];
}

function joined(base: string, file: string): string {
  return `${base.replace(/\/+$/, '')}/${file}`;
}
