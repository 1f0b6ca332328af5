// The official TypeScript client of the 2.x line.
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { connect, url } from './connect.mjs';

for (const document of [undefined, process.env.DOCUMENT]) {
  await connect({
    document,
    makeClient: () => new Client({ name: 'connect-2', version: '1' }),
    makeTransport: (authProvider) => new StreamableHTTPClientTransport(url, { authProvider }),
    finish: (transport, answer) => transport.finishAuth(answer),
    Unauthorized: UnauthorizedError,
  });
}
