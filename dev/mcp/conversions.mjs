// Puts the tools of every profile through what the AI SDK's provider for Gemini makes
// of them: the body of its request, which goes nowhere.
import assert from 'node:assert/strict';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { headers, url } from './session.mjs';

let sent;
const google = createGoogleGenerativeAI({
  apiKey: 'none',
  fetch: async (_, request) => {
    sent = JSON.parse(request.body);
    return Response.json({ candidates: [{ content: { role: 'model', parts: [{ text: '' }] }, finishReason: 'STOP' }] });
  },
});

// same requires that a schema of Gemini says what ours says.
function same(where, ours, theirs) {
  assert.equal(theirs?.type, ours.type, where);
  assert.deepEqual(theirs.enum, ours.enum, where);
  assert.equal(theirs.description, ours.description, where);
  assert.equal(theirs.nullable, undefined, where);
  if (ours.items) same(`${where}[]`, ours.items, theirs.items);
  assert.deepEqual(Object.keys(theirs.properties ?? {}).sort(), Object.keys(ours.properties ?? {}).sort(), where);
  for (const [name, schema] of Object.entries(ours.properties ?? {})) same(`${where}.${name}`, schema, theirs.properties[name]);
}

for (const [profile, least] of Object.entries({ '': 24, '?tools=core': 8, '?tools=read': 6, '?tools=connector': 2 })) {
  const client = new Client({ name: 'conversions', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url + profile), { requestInit: { headers } }));
  const { tools } = await client.listTools();
  assert.ok(tools.length >= least, `${profile}: ${tools.length} tools`);
  await google('gemini').doGenerate({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
    tools: tools.map(({ name, description, inputSchema }) => ({ type: 'function', name, description, inputSchema })),
  });
  const declared = sent.tools.flatMap((t) => t.functionDeclarations ?? []);
  assert.deepEqual(declared.map((d) => d.name), tools.map((t) => t.name));
  for (const [i, tool] of tools.entries()) {
    if (Object.keys(tool.inputSchema.properties).length > 0) same(tool.name, tool.inputSchema, declared[i].parameters ?? declared[i].parametersJsonSchema);
  }
  await client.close();
  console.log(`${profile || 'all'}: ${tools.length} tools`);
}
