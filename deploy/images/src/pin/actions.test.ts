import { expect, test } from '@jest/globals';
import { actionsOf, pinnedWorkflow, unpinnedIn } from './actions.ts';

const CHECKOUT = 'a'.repeat(40);
const AUTH = 'b'.repeat(40);
const LOCKED = { 'actions/checkout@v5': CHECKOUT, 'google-github-actions/auth@v3': AUTH };
const WORKFLOW = `jobs:
  test:
    uses: ./.github/workflows/other.yml
    steps:
      - uses: actions/checkout@v5
      - name: who we are
        uses: "google-github-actions/auth@v3" # keyless
      - uses: docker://alpine:3
      - run: echo "uses: not/an-action@v1"
`;

test('a workflow by tags becomes one by commits, with the tag beside it, and stays so', () => {
  expect(actionsOf(WORKFLOW)).toEqual(['actions/checkout@v5', 'google-github-actions/auth@v3']);
  expect(unpinnedIn(WORKFLOW, LOCKED)).toEqual(['actions/checkout@v5', 'google-github-actions/auth@v3']);
  const pinned = pinnedWorkflow(WORKFLOW, LOCKED);
  expect(pinned).toContain(`      - uses: actions/checkout@${CHECKOUT} # v5\n`);
  expect(pinned).toContain(`        uses: google-github-actions/auth@${AUTH} # v3\n`);
  expect(unpinnedIn(pinned, LOCKED)).toEqual([]);
  expect(actionsOf(pinned)).toEqual(actionsOf(WORKFLOW));
  expect(pinnedWorkflow(pinned, LOCKED)).toBe(pinned);
  expect(pinned.replaceAll(/@.*/g, '')).toBe(WORKFLOW.replaceAll(/@.*|"(?=google)/g, ''));
});

test('a commit other than the locked one counts as not pinned, and the next pin puts it right', () => {
  const pinned = pinnedWorkflow(WORKFLOW, LOCKED).replace(CHECKOUT, 'c'.repeat(40));
  expect(unpinnedIn(pinned, LOCKED)).toEqual([`actions/checkout@${'c'.repeat(40)}`]);
  expect(unpinnedIn(pinnedWorkflow(pinned, LOCKED), LOCKED)).toEqual([]);
});
