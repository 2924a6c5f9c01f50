// Writes platform/src/adapters/families-python/requirements.lock: pinned wheels of every supported system and Python with their
// sha256, as the machine's package index has them. Nothing is installed.
//
//   node scripts/python-lock.mjs [python]        needs pip 23 or newer
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LOCK = join(ROOT, 'platform/src/adapters/families-python/requirements.lock');
const python = process.argv[2] ?? 'python3';

/** All that the drivers import, and nothing that libraries only plot with: installed without resolving dependencies. */
const PACKAGES = [
  'lightgbm==4.7.0',
  'catboost==1.2.10',
  'scikit-learn==1.9.1',
  'numpy==2.4.6',
  'scipy==1.17.1',
  'pandas==3.1.1',
  'joblib==1.6.0',
  'cloudpickle==3.1.2',
  'threadpoolctl==3.8.0',
  'narwhals==2.29.0',
  'python-dateutil==2.9.0.post0',
  'six==1.17.0',
  'tzdata==2025.3',
];
/** The plain package brings 200 MB for graphics cards; the smaller one does not exist for macOS. */
const XGBOOST = { darwin: 'xgboost==3.2.0', other: 'xgboost-cpu==3.2.0' };

const SYSTEMS = [
  { name: 'Linux x86_64', tags: ['manylinux_2_28_x86_64', 'manylinux_2_27_x86_64', 'manylinux2014_x86_64'] },
  {
    name: 'Linux aarch64',
    tags: ['manylinux_2_28_aarch64', 'manylinux_2_27_aarch64', 'manylinux2014_aarch64'],
  },
  {
    name: 'macOS arm64',
    darwin: true,
    tags: ['macosx_14_0_arm64', 'macosx_12_0_arm64', 'macosx_11_0_universal2'],
  },
  { name: 'Windows x86_64', tags: ['win_amd64'] },
];
const PYTHONS = ['3.11', '3.12', '3.13'];

const hashes = new Map();
const missing = [];
for (const system of SYSTEMS) {
  for (const version of PYTHONS) {
    const wanted = [...PACKAGES, system.darwin ? XGBOOST.darwin : XGBOOST.other];
    // All at once is quick; one by one tells which is not there.
    const all = hashesOf(wanted, system, version);
    for (const requirement of wanted) {
      const found =
        all?.get(nameOf(requirement)) ?? hashesOf([requirement], system, version)?.get(nameOf(requirement));
      if (found === undefined) missing.push(`${requirement}: ${system.name}, Python ${version}`);
      else hashes.set(requirement, (hashes.get(requirement) ?? new Set()).add(found));
    }
  }
}
writeFileSync(LOCK, lockText());
console.log(`${LOCK}: ${[...hashes.values()].reduce((sum, { size }) => sum + size, 0)} wheels`);
for (const line of missing) console.log(`not found: ${line}`);

function nameOf(requirement) {
  return requirement.split('==')[0];
}

/** Name → sha256, or undefined when one of them is not there. */
function hashesOf(requirements, { tags }, version) {
  const args = [
    '-m',
    'pip',
    'install',
    '--dry-run',
    '--ignore-installed',
    '--no-deps',
    '--only-binary',
    ':all:',
  ];
  const target = ['--python-version', version, '--target', join(tmpdir(), 'slipway-python-lock')];
  const platforms = tags.flatMap((tag) => ['--platform', tag]);
  try {
    const report = execFileSync(
      python,
      [...args, ...target, ...platforms, '--quiet', '--report', '-', ...requirements],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const { install } = JSON.parse(report);
    return new Map(
      install.map(({ metadata, download_info }) => [
        metadata.name.toLowerCase().replace(/[_.]+/g, '-'),
        download_info.archive_info.hashes.sha256,
      ]),
    );
  } catch {
    return undefined;
  }
}

function lockText() {
  const entries = [...hashes].map(([requirement, set]) => {
    const marker =
      requirement === XGBOOST.darwin
        ? ' ; sys_platform == "darwin"'
        : requirement === XGBOOST.other
          ? ' ; sys_platform != "darwin"'
          : '';
    return `${requirement}${marker}${[...set]
      .sort()
      .map((hash) => ` \\\n    --hash=sha256:${hash}`)
      .join('')}\n`;
  });
  const absent = missing.map((line) => `# not found: ${line}\n`).join('');
  return `# Written by scripts/python-lock.mjs: the wheels of the sealed Python environment.\n# ${SYSTEMS.map(({ name }) => name).join(', ')}; Python ${PYTHONS.join(', ')}.\n${absent}${entries.join('')}`;
}
