// Looks at a trace on the page of `make run TRACES=1`, and keeps a picture of it.
// TestTraceOfAToolCall… in dev/e2e makes the trace.
import assert from 'node:assert/strict'
import { AxeBuilder } from '@axe-core/playwright'
import { launch } from './browser.mjs'
import { keep } from './picture.mjs'

const { TRACES, TRACE, PICTURES } = process.env
const browser = await launch()
for (const colorScheme of ['dark', 'light']) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 700 }, colorScheme, baseURL: TRACES })
  const page = await context.newPage()
  const problems = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  await page.goto('/')
  await page.locator(`a[href="/trace/${TRACE}"]`).click()
  await page.getByRole('heading', { name: 'tool complete_task', level: 1 }).waitFor()
  await page.getByRole('heading', { name: 'Linked' }).first().waitFor()
  const widths = await page.locator('rect').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().width))
  assert.ok(widths.length > 10 && widths.every((width) => width > 0), 'each span has a bar: ' + widths)
  assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations.map((one) => one.id + ': ' + one.nodes[0].html), [])
  assert.deepEqual(problems, [])
  if (PICTURES && colorScheme === 'light') await keep(page, PICTURES + '/trace.webp', { fullPage: true })
}
await browser.close()
