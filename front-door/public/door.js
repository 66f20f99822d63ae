/** How long a service may take to say that it is there, in milliseconds: one that starts from zero instances takes a few seconds. */
const PATIENCE_MS = 20_000;

/** What the page says of each answer: a service that asks who calls is up. */
function stateOf(status) {
  if (status < 400) return ['up', 'up'];
  if (status === 401 || status === 403) return ['up', 'up, asks for a token'];
  return ['down', `answers ${status}`];
}

async function probe(section) {
  const badge = section.querySelector('.state');
  const [kind, text] = await fetch(section.dataset.probe, {
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).then(
    (response) => stateOf(response.status),
    () => ['down', 'does not answer'],
  );
  badge.textContent = text;
  badge.dataset.kind = kind;
}

for (const place of document.querySelectorAll('.origin')) place.textContent = location.origin;
for (const section of document.querySelectorAll('[data-probe]')) probe(section);
