// mcp-remote, by which clients that speak stdio only reach a server elsewhere.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { fileURLToPath } from 'node:url';
import { headers, session, url } from './session.mjs';

const client = new Client({ name: 'session-remote', version: '1' });
await client.connect(new StdioClientTransport({
  command: process.execPath,
  args: [
    fileURLToPath(new URL('node_modules/mcp-remote/dist/proxy.js', import.meta.url)), url.href,
    '--header', 'Authorization:${TOKEN}', '--transport', 'http-only', '--allow-http',
  ],
  env: { ...process.env, TOKEN: headers.Authorization },
  stderr: 'ignore',
}));
await session(client);
