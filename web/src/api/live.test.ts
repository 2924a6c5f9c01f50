import { describe, expect, it } from 'vitest';
import { reconnectMs, staleAfter } from './live.ts';

describe('live events', () => {
  it('refresh what their kind shows, and always the overview and the list of events', () => {
    expect(staleAfter('run.step')).toContain('getRun');
    expect(staleAfter('deployment.revision')).toContain('getDeployment');
    expect(staleAfter('unheard.of')).toEqual(['getOverview', 'listEvents']);
  });

  it('wait longer for a server that stays away, at most half a minute', () => {
    expect([1, 2, 3].map(reconnectMs)).toEqual([1000, 2000, 4000]);
    expect(reconnectMs(1_000)).toBe(30_000);
  });
});
