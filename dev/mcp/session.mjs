// A whole session of an agent, with whatever official client it is given: list
// the tools, add, list, search, complete, find the successor, mend an error,
// delete, reopen, read prompts and resources.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

export const url = new URL(process.env.TICKLER_MCP_URL);
export const headers = { Authorization: `Bearer ${process.env.TICKLER_TOKEN}` };

export async function session(client) {
  const call = async (name, args = {}) => {
    const result = await client.callTool({ name, arguments: args });
    assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent, 'text and structured content are the same');
    return { failed: result.isError === true, ...result.structuredContent };
  };
  const must = async (name, args) => {
    const answer = await call(name, args);
    assert.ok(!answer.failed, `${name}: ${JSON.stringify(answer.error)}`);
    return answer;
  };

  const { tools } = await client.listTools();
  assert.ok(tools.length >= 24, `${tools.length} tools`);
  for (const tool of tools) {
    assert.ok(tool.title && tool.description && tool.inputSchema && tool.outputSchema, tool.name);
  }

  await must('create_category', { name: 'Household' });
  const { task, recurrence } = await must('add_task', {
    title: 'Water the plants', due_date: '2031-03-01T09:00', recurrence_rule: 'weekly', category: 'household', tags: ['home'],
  });
  assert.equal(task.due_date, '2031-03-01T09:00:00+01:00');
  assert.equal(recurrence.next.length, 3);
  const listed = await must('list_tasks', { status: 'pending', tags: ['home'] });
  assert.deepEqual(listed.tasks.map((t) => t.id), [task.id]);
  const found = await must('search_tasks', { query: 'plant' });
  assert.deepEqual(found.tasks.map((t) => t.title), ['Water the plants']);
  assert.ok(found.tasks[0].relevance_score > 0);

  const done = await must('complete_task', { task_id: task.id });
  assert.equal(done.next_due, '2031-03-08T09:00:00+01:00');
  let successor;
  for (let tries = 0; !successor && tries < 200; tries++, await pause(100)) {
    [successor] = (await must('list_tasks', { status: 'pending' })).tasks;
  }
  assert.equal(successor?.due_date, '2031-03-08T09:00:00+01:00', 'the next occurrence appears by itself');

  const mistaken = await call('update_task', { task_id: successor.id, titel: 'Water the trees' });
  assert.ok(mistaken.failed);
  assert.equal(mistaken.error.code, 'INVALID_INPUT');
  const meant = /"(\w+)"/.exec(mistaken.error.hint)[1];
  const mended = await must('update_task', { task_id: successor.id, [meant]: 'Water the trees' });
  assert.deepEqual(mended.changed, ['title']);

  await must('delete_task', { task_id: successor.id });
  assert.equal((await call('get_task', { task_id: successor.id })).error.code, 'NOT_FOUND');
  await must('reopen_task', { task_id: successor.id });
  assert.equal((await must('get_task', { task_id: successor.id })).task.title, 'Water the trees');

  const { prompts } = await client.listPrompts();
  assert.ok(['plan_my_day', 'weekly_review'].every((name) => prompts.some((p) => p.name === name)));
  const prompt = await client.getPrompt({ name: 'plan_my_day', arguments: { category: 'Household' } });
  assert.match(prompt.messages[0].content.text, /get_overview/);
  const completed = await client.complete({ ref: { type: 'ref/prompt', name: 'plan_my_day' }, argument: { name: 'category', value: 'hou' } });
  assert.deepEqual(completed.completion.values, ['Household']);

  const { resources } = await client.listResources();
  assert.ok(resources.some((r) => r.uri === 'tickler://overview'));
  const { resourceTemplates } = await client.listResourceTemplates();
  assert.ok(resourceTemplates.some((r) => r.uriTemplate === 'tickler://tasks/{task_id}'));
  const read = await client.readResource({ uri: `tickler://tasks/${successor.id}` });
  assert.equal(JSON.parse(read.contents[0].text).task.title, 'Water the trees');
  await client.close();
  console.log('a whole session');
}
