// Reads internal/event/asyncapi.yaml with AsyncAPI's official parser, with the
// schema files that it refers to. Fails on any error or warning.
import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';

const file = new URL('../../internal/event/asyncapi.yaml', import.meta.url);
const { document, diagnostics } = await new Parser().parse(await readFile(file, 'utf8'), { source: file.pathname });
const problems = diagnostics.filter((d) => d.severity <= 1);
for (const p of problems) console.error(`${p.path.join('.')}: ${p.message} (${p.code})`);
const messages = document?.allMessages().length ?? 0;
if (problems.length > 0 || messages === 0) {
  console.error(`asyncapi.yaml: ${problems.length} problems, ${messages} messages`);
  process.exit(1);
}
console.log(`asyncapi.yaml: valid, ${document.allChannels().length} channels, ${messages} messages`);
