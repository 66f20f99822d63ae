/** Does one after the other, whatever becomes of those before; then throws the first failure, so that the caller's event comes again. */
export async function inTurn(works: Iterable<() => Promise<unknown>>): Promise<void> {
  const failures: unknown[] = [];
  for (const work of works) {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
