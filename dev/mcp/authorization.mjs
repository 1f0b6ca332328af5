// The conformance suite's scenarios for authorization servers. It prints where a person
// is to go; HERE goes there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const url = new URL(process.env.TICKLER_MCP_URL);
const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const client = await (await fetch(url.origin + '/oauth/register', {
  method: 'POST', headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ client_name: 'conformance', redirect_uris: [`http://127.0.0.1:${port}/callback`], token_endpoint_auth_method: 'none' }),
})).json();

const suite = spawn(process.execPath, [
  fileURLToPath(new URL('node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url)), 'authorization',
  '--url', url.origin, '--client-id', client.client_id, '--resource', url.href, '--port', String(port), '--verbose',
], { stdio: ['ignore', 'pipe', 'pipe'] });
let said = '';
let asked = false;
const heard = async (text) => {
  said += text;
  const address = said.match(/https?:\/\/\S+\/oauth\/authorize\?[^\s"]+(?=\s)/);
  if (!address || asked) return;
  asked = true;
  const answer = await fetch(`${process.env.HERE}/agree?url=${encodeURIComponent(address[0])}`);
  if (answer.status !== 200) said += await answer.text();
};
suite.stdout.on('data', heard);
suite.stderr.on('data', heard);
const code = await new Promise((resolve) => suite.on('exit', resolve));
console.log(said);
assert.equal(code, 0);
assert.ok(asked, 'a person was asked');
assert.ok(!/FAILURE|SKIPPED/.test(said));
