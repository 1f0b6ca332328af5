// The official TypeScript client of the 1.x line.
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { connect, url } from './connect.mjs';

for (const document of [undefined, process.env.DOCUMENT]) {
  await connect({
    document,
    makeClient: () => new Client({ name: 'connect-1', version: '1' }),
    makeTransport: (authProvider) => new StreamableHTTPClientTransport(url, { authProvider }),
    finish: (transport, answer) => transport.finishAuth(answer.get('code')),
    Unauthorized: UnauthorizedError,
  });
}
