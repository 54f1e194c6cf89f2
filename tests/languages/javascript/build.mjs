// Makes a component of plugin.mjs: node build.mjs <folder of the contract> <component>
//
// The package preview2-shim is in package.json since componentize-js uses it and does not say so.

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const [witPath, output] = process.argv.slice(2);
const source = await readFile(fileURLToPath(new URL('plugin.mjs', import.meta.url)), 'utf8');
const { component } = await componentize(source, {
  witPath,
  worldName: 'integration',
  // What is left out cannot be called. Randomness, timers, standard output and the network are all of it.
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
await writeFile(output, component);
