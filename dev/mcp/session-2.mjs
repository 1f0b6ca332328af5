// The official TypeScript client of the 2.x line, at the newest revision and at
// the one before, which it speaks to servers that know no other.
import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { headers, session, url } from './session.mjs';

const client = new Client({ name: 'session-2', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
assert.equal(client.getNegotiatedProtocolVersion(), '2026-07-28');
await session(client);
