// @sap/approuter, started as its README says, with one route without authentication to one destination.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import approuter from '@sap/approuter';

const folder = mkdtempSync(join(tmpdir(), 'approuter-'));
writeFileSync(
  join(folder, 'xs-app.json'),
  JSON.stringify({
    authenticationMethod: 'none',
    routes: [{ source: '^/(.*)$', target: '$1', destination: 'upstream', csrfProtection: false }],
  }),
);
process.env.destinations = JSON.stringify([{ name: 'upstream', url: process.env.TARGET }]);
approuter().start({ port: Number(process.env.PORT), workingDir: folder });
