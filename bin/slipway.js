#!/usr/bin/env node
// The `slipway` command. Runs from a built clone; says how to build when it is not.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `slipway needs Node 20.19 or newer; this is ${process.version}. Get it from https://nodejs.org`,
  );
  process.exit(1);
}
const { main } = await import('../platform/dist/cli/main.js').catch((error) => {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error(`slipway is not built: ${error.message.split('\n')[0]}`);
  console.error('Fix: run `npm ci && npm run build` in the folder of the clone.');
  process.exit(1);
});
await main(process.argv);
