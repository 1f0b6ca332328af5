// What a person does who is asked by a program: in a real browser, since that is what
// holds the page's policy against being led to the program afterwards.
// TestConsentInABrowser in dev/e2e starts the system.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { AxeBuilder } from '@axe-core/playwright'
import { launch } from './browser.mjs'

const { PAGE, HERE } = process.env
const browser = await launch()

// The program listens for its answer, as those on a person's machine do.
const told = []
const program = createServer((request, response) => {
  if (request.url.startsWith('/callback')) told.push(new URL(request.url, 'http://127.0.0.1').searchParams)
  response.end('You can close this page.')
})
await new Promise((resolve) => program.listen(0, '127.0.0.1', resolve))
const redirect = `http://127.0.0.1:${program.address().port}/callback`

const metadata = await (await fetch(PAGE + '/.well-known/oauth-authorization-server')).json()
const client = await (await fetch(metadata.registration_endpoint, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ client_name: 'A program', redirect_uris: [redirect] }),
})).json()
const verifier = 'a-verifier-of-at-least-forty-three-characters-1'
const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)))
const challenge = Buffer.from(digest).toString('base64url')
const asked = (state) => metadata.authorization_endpoint + '?' + new URLSearchParams({
  response_type: 'code', client_id: client.client_id, redirect_uri: redirect, state, scope: 'tasks:read tasks:write',
  code_challenge: challenge, code_challenge_method: 'S256', resource: PAGE + '/mcp',
})

const context = await browser.newContext({ viewport: { width: 320, height: 700 } })
context.setDefaultTimeout(15_000)
const page = await context.newPage()
const problems = []
page.on('pageerror', (error) => problems.push(error.message))
page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()) })

// Asked before signed in: what was asked is there afterwards.
await page.goto(asked('first'))
await page.getByRole('heading', { name: 'Sign in' }).waitFor()
const link = await (await fetch(HERE + '/link')).text()
await page.goto(new URL(link.match(/http\S+/)[0]).pathname.replace(/^/, PAGE))
await page.getByRole('button', { name: 'Sign in' }).click()
await page.getByRole('heading', { name: 'Connect A program?' }).waitFor()

for (const scheme of ['light', 'dark']) {
  await page.emulateMedia({ colorScheme: scheme })
  const { violations } = await new AxeBuilder({ page }).analyze()
  assert.deepEqual(violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html)), [], scheme)
}
assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than 320 pixels')

await page.getByRole('button', { name: 'Connect', exact: true }).focus()
await page.keyboard.press('Enter')
await page.waitForURL(redirect + '**')
assert.equal(told[0].get('state'), 'first')
assert.equal(told[0].get('iss'), PAGE)

const exchange = async (code) => (await (await fetch(metadata.token_endpoint, {
  method: 'POST', body: new URLSearchParams({ grant_type: 'authorization_code', code, client_id: client.client_id, redirect_uri: redirect, code_verifier: verifier }),
})).json()).scope
assert.equal(await exchange(told[0].get('code')), 'tasks:read tasks:write')

await page.goto(asked('second'))
await page.getByRole('button', { name: 'Connect, to read only' }).click()
await page.waitForURL(redirect + '**')
assert.equal(await exchange(told[1].get('code')), 'tasks:read')

await page.goto(asked('third'))
await page.getByRole('button', { name: 'Cancel' }).click()
await page.waitForURL(redirect + '**')
assert.equal(told[2].get('error'), 'access_denied')

await page.goto(PAGE + '/connections')
await page.getByRole('heading', { name: 'Last attempts to connect' }).waitFor()
assert.ok(await page.getByText('you declined').isVisible())
const { violations } = await new AxeBuilder({ page }).analyze()
assert.deepEqual(violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html)), [])
const connections = page.locator('li', { hasText: 'a program that nobody vouches for' })
assert.equal(await connections.count(), 2)
await connections.first().getByText('End', { exact: true }).click()
await connections.first().getByRole('button', { name: 'Really end' }).click()
await page.getByText('It can do nothing any more').waitFor()
assert.equal(await connections.count(), 1)

assert.deepEqual(problems, [])
await browser.close()
program.close()
