// The official TypeScript client of the 1.x line, which users have longest.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { headers, session, url } from './session.mjs';

const client = new Client({ name: 'session-1', version: '1' });
await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
await session(client);
