import { setTimeout as delay } from 'node:timers/promises';

/** Waits until the expectation holds; after the time is over it fails as the expectation does. */
export async function eventually(expectation: () => void | Promise<void>, withinMs = 3_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    try {
      await expectation();
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
    }
    await delay(5);
  }
}
