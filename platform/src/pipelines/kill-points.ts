/** Names of the kill points of a run with these steps, in the order in which they are passed. For crash tests. */
export function runKillPoints(steps: readonly string[]): string[] {
  return [
    'run:inserted',
    ...steps.flatMap((step) =>
      ['started', 'ran', 'publishing', 'completed'].map((point) => `step:${step}:${point}`),
    ),
    'run:completing',
    'run:completed',
  ];
}
