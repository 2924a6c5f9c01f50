// Writes docs/errors.md from the registry of the built program: every code, its exit code and status, and what it means.
//
//   node scripts/errors-page.mjs          after a build
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const { allErrorSpecs } = await import('../platform/dist/kernel/errors.js');
for (const path of ['app/wiring', 'app/tasks', 'app/tasks-models', 'server/start', 'server/spawn']) {
  await import(`../platform/dist/${path}.js`);
}

const rows = [...allErrorSpecs()]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, { status, exit, kind, title, retryable }]) => {
    const words = {
      user: 'mend the call',
      operating: retryable ? 'try again' : 'mend the machine',
      bug: 'tell us',
    };
    return `| \`${code}\` | ${exit} | ${status} | ${title} | ${words[kind]} |`;
  });
const page = `# Errors

Every error says what happened, why, and how to mend it (\`fix\`), under a code that stays the same from release to release: scripts may
match on it. The command line prints it and ends with the exit code; the API answers it as a problem document (RFC 9457,
\`application/problem+json\`) with the HTTP status. \`/v2\` and \`/models/…/invocations\` keep the error shapes of their protocols.

\`\`\`json
{
  "type": "/api/docs#MODEL_NOT_FOUND",
  "title": "There is no such model",
  "status": 404,
  "detail": "there is no model 'adlut'",
  "code": "MODEL_NOT_FOUND",
  "fix": "Did you mean 'adult'?",
  "instance": "/api/v1/models/adlut",
  "exit": 3
}
\`\`\`

Exit codes: 0 ok, 1 failure, 2 usage or unreadable content, 3 not found, 4 not allowed, 5 conflict, 6 the gate refused.

This page is written by \`node scripts/errors-page.mjs\`; a test compares it with the program.

| code | exit | status | meaning | what to do |
|---|---|---|---|---|
${rows.join('\n')}
`;
writeFileSync(join(ROOT, 'docs/errors.md'), page);
console.log(`docs/errors.md: ${rows.length} codes`);
