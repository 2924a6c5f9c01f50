import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ROOMS } from '../../../platform/src/contracts/names.ts';
import { useOperation } from '../api/api.ts';
import { type LiveState, useLiveEvents } from '../api/live.ts';
import { bytes, time } from './format.ts';
import { Icon, Logo } from './icons.tsx';
import { useKeys } from './keys.ts';
import { Crumbs, PageContext, type PageInfo } from './page.tsx';
import { KeySheet, Palette } from './palette.tsx';

const LETTERS: Record<string, string> = {
  f: '/feeding',
  s: '/selection',
  p: '/pipelines',
  v: '/validation',
  d: '/deployment',
  m: '/monitoring',
  r: '/registry',
  h: '/',
};

/** Rail, bar, page and foot. */
export function Shell() {
  const [info, setInfo] = useState<PageInfo>({ crumbs: [], cli: 'slipway --help' });
  const [palette, setPalette] = useState(false);
  const [sheet, setSheet] = useState(false);
  const live = useLiveEvents();
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const toggle = () => setColorScheme(scheme === 'dark' ? 'light' : 'dark');
  const jumps = Object.fromEntries(
    Object.entries(LETTERS).map(([letter, to]) => [`g ${letter}`, () => void navigate({ to })]),
  );
  useKeys({
    ...jumps,
    '?': () => setSheet(true),
    c: () => void navigator.clipboard?.writeText(info.cli),
    t: toggle,
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key === 'k') {
        event.preventDefault();
        setPalette(true);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <PageContext.Provider value={setInfo}>
      <div className="app">
        <Rail />
        <div className="main">
          <header className="bar">
            <Crumbs crumbs={info.crumbs} />
            <button type="button" className="find" onClick={() => setPalette(true)}>
              <span>Go to</span>
              <kbd>⌘K</kbd>
            </button>
            <button
              type="button"
              className="button icon"
              aria-label={scheme === 'dark' ? 'Switch to light' : 'Switch to dark'}
              onClick={toggle}
            >
              <svg width={14} height={14} viewBox="0 0 14 14" aria-hidden="true">
                <circle cx={7} cy={7} r={5.5} fill="none" stroke="currentColor" strokeWidth={1.4} />
                <path d="M7 1.500a5.500 5.500 0 0 1 0 11z" fill="currentColor" />
              </svg>
            </button>
          </header>
          <main className="page">
            <Outlet />
          </main>
          <Foot info={info} live={live} />
        </div>
      </div>
      <Palette open={palette} onClose={() => setPalette(false)} />
      <KeySheet open={sheet} onClose={() => setSheet(false)} />
    </PageContext.Provider>
  );
}

function Rail() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const overview = useOperation('getOverview', {}, { refetchMs: 30_000 });
  const info = useOperation('getInfo', {}, { refetchMs: 30_000 });
  const rooms = overview.data?.rooms;
  const counts: Record<string, [number, 'fail' | 'warn' | ''] | undefined> = {
    pipelines:
      rooms === undefined || rooms.pipelines.failed === 0 ? undefined : [rooms.pipelines.failed, 'fail'],
    monitoring:
      rooms === undefined || rooms.monitoring.drifting === 0
        ? undefined
        : [rooms.monitoring.drifting, 'warn'],
    selection:
      rooms === undefined || rooms.selection.running === 0 ? undefined : [rooms.selection.running, ''],
  };
  const place = (room: string, name: string, to: string) => {
    const current = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
    const entry =
      room === 'home'
        ? overview.data?.open.length
          ? ([overview.data.open.length, ''] as const)
          : undefined
        : counts[room];
    return (
      <Link
        key={room}
        to={to}
        aria-current={current ? 'page' : undefined}
        aria-label={entry === undefined ? name : `${name} ${entry[0]}`}
      >
        <Icon name={room} />
        <span>{name}</span> {entry !== undefined && <span className={`count ${entry[1]}`}>{entry[0]}</span>}
      </Link>
    );
  };
  return (
    <aside className="rail">
      <Link to="/" className="brand" aria-label="Slipway, home">
        <Logo /> Slipway
      </Link>
      <nav aria-label="Rooms">
        {place('home', 'Home', '/')}
        <div className="group">Rooms</div>
        {ROOMS.map(({ room, ui }) => place(room, room[0]!.toUpperCase() + room.slice(1), ui))}
        <div className="group">Records</div>
        {place('registry', 'Registry', '/registry')}
      </nav>
      <div className="end">
        {info.data === undefined
          ? 'Server not reached'
          : `Local server, ${info.data.database === 'sqlite' ? 'SQLite' : 'Postgres'}`}
        <br />
        {info.data === undefined ? '' : `${bytes(info.data.memoryBytes)} memory, v${info.data.version}`}
      </div>
    </aside>
  );
}

const LIVE_WORDS: Record<LiveState, string> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'not live: the server does not answer',
};

function Foot({ info, live }: { readonly info: PageInfo; readonly live: LiveState }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 20_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <footer className="foot">
      {(info.keys ?? []).map(([key, does]) => (
        <span key={key}>
          <kbd>{key}</kbd> {does}
        </span>
      ))}
      <span>
        <kbd>?</kbd> all keys
      </span>
      <span className="cli">
        <span className="mono">{info.cli}</span> <kbd>c</kbd> copy
      </span>
      <span>{LIVE_WORDS[live]}</span>
      <span>{time(now)} UTC</span>
    </footer>
  );
}
