// mcp-remote, which opens a browser and listens for the answer itself.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { url } from './connect.mjs';

const client = new Client({ name: 'connect-remote', version: '1' });
const transport = new StdioClientTransport({
  command: process.execPath,
  args: [fileURLToPath(new URL('node_modules/mcp-remote/dist/proxy.js', import.meta.url)), url.href, '--transport', 'http-only', '--allow-http'],
  env: { ...process.env, MCP_REMOTE_CONFIG_DIR: mkdtempSync(join(tmpdir(), 'mcp-remote-')) },
  stderr: 'pipe',
});
let said = '';
let asked = 0;
transport.stderr.on('data', async (text) => {
  said += text;
  const address = said.match(/https?:\/\/\S+\/oauth\/authorize\?\S+/);
  if (address && asked++ === 0) {
    const answer = await fetch(`${process.env.HERE}/agree?url=${encodeURIComponent(address[0])}`);
    assert.equal(answer.status, 200, await answer.text());
  }
});
try {
  await client.connect(transport);
  assert.ok((await client.listTools()).tools.length >= 24);
} catch (error) {
  console.error(said);
  throw error;
}
await client.close();
process.exit(0);
