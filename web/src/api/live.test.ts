import { describe, expect, it } from 'vitest';
import { reconnectMs, staleAfter } from './live.ts';

describe('live events', () => {
  it('refresh what their kind shows, and always the overview and the list of events', () => {
    expect(staleAfter('run.step')).toContain('getRun');
    expect(staleAfter('deployment.revision')).toContain('getDeployment');
    expect(staleAfter('dataset.snapshot')).toEqual(expect.arrayContaining(['getDataset', 'listQuarantine']));
    expect(staleAfter('quarantine.fixed')).toContain('listQuarantine');
    expect(staleAfter('proposal.approved')).toContain('getProposal');
    expect(staleAfter('contract.changed')).toContain('getContract');
    // How a load ended is told by its run alone when nothing was published.
    expect(staleAfter('run.failed')).toEqual(expect.arrayContaining(['getRun', 'getDataset']));
    expect(staleAfter('run.step')).not.toContain('getDataset');
    expect(staleAfter('unheard.of')).toEqual(['getOverview', 'listEvents']);
  });

  it('wait longer for a server that stays away, at most half a minute', () => {
    expect([1, 2, 3].map(reconnectMs)).toEqual([1000, 2000, 4000]);
    expect(reconnectMs(1_000)).toBe(30_000);
  });
});
