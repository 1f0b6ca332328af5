// What a person does with the page, in a real browser: with the script and without,
// on a wide screen and at 320 pixels, by mouse and by keyboard alone; axe looks at
// every page, light and dark. TestPageInABrowser in dev/e2e starts the system.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { launch } from './browser.mjs'
import { keep } from './picture.mjs'

const { PAGE, HERE, RECEIVER, PICTURES } = process.env
const browser = await launch()
if (PICTURES) mkdirSync(PICTURES, { recursive: true })
const patience = 15_000

// open gives a browser of its own to somebody.
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, locale: 'en-GB', timezoneId: 'Europe/Berlin', baseURL: PAGE, ...options })
  context.setDefaultTimeout(patience)
  const page = await context.newPage()
  const problems = [], lately = []
  const note = (text) => lately.push(`${new Date().toISOString().slice(11, 23)} ${text}`) > 40 && lately.shift()
  page.on('pageerror', (error) => { problems.push(error.message); note('error: ' + error.stack) })
  page.on('console', (message) => {
    note(message.type() + ': ' + message.text())
    if (message.type() === 'error' && !/status of (4\d\d|503)/.test(message.text())) problems.push(message.text())
  })
  page.on('requestfailed', (request) => note(`${request.method()} ${request.url()} failed: ${request.failure()?.errorText}`))
  page.on('response', (response) => {
    const request = response.request()
    if (request.isNavigationRequest() || request.method() !== 'GET' || response.status() >= 400 || request.headers()['tickler-live']) {
      note(`${request.method()} ${request.url()}${request.headers()['tickler-live'] ? ' (live)' : ''} ${response.status()}`)
    }
  })
  Object.assign(page, { problems, lately })
  return page
}

// signIn follows a new link, as somebody does who got one.
async function signIn(page) {
  const link = await (await fetch(HERE + '/link')).text()
  await page.goto(new URL(link).pathname)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Today', level: 1 }).waitFor()
}

// until waits for a condition that no selector can express.
async function until(what, condition) {
  const end = Date.now() + patience * 2
  while (!(await condition())) {
    assert.ok(Date.now() < end, 'waited in vain for ' + what)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const row = (page, title) => page.locator('.list > li', { hasText: title })
const said = (page, text) => page.locator('#said .toast', { hasText: text }).waitFor()
const add = async (page, text) => {
  await page.getByLabel('Add a task').fill(text)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await said(page, 'Added “' + text.split(' ')[0].slice(0, 20))
}
const following = (page) => page.locator('html[data-following]').waitFor()

const picture = async (page, name) => PICTURES && await keep(page, `${PICTURES}/${name}.webp`)

// inView tells whether a person sees something without scrolling.
const inView = (locator) => locator.evaluate((one) => {
  const { top, bottom } = one.getBoundingClientRect()
  return top >= 0 && Math.min(bottom, top + 40) <= innerHeight
})

// paths are those of every page, once there is a task, a category and a tag.
let paths = ['/', '/upcoming', '/tasks', '/tasks?select=1', '/search?q=rent', '/activity', '/connections', '/settings']

// An agent of the same person, over REST.
async function agent(token, method, path, body) {
  return fetch(PAGE + path, { method, headers: { Authorization: 'Bearer ' + token, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
}

const steps = {
  async 'a signed-out person is asked to sign in, and goes on where they wanted to'() {
    const page = await open()
    await page.goto('/upcoming')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await axe(page, 'sign-in')
    await page.context().close()
  },

  async 'with a mouse'() {
    const page = await open()
    await signIn(page)
    await page.getByText('What to do first').waitFor()
    await axe(page, 'first')

    // Quick add shows what it understands, then adds it.
    await page.getByLabel('Add a task').fill('Pay rent tomorrow 9:00 every month !high #home @Household ~30m')
    await page.locator('#understood .chip', { hasText: 'tomorrow 09:00' }).waitFor()
    assert.deepEqual(await page.locator('#understood .chip').allTextContents(), ['Pay rent', 'tomorrow 09:00', await page.locator('#understood .chip').nth(2).textContent(), 'high', '#home', 'Household', '30 min'])
    await picture(page, 'quick-add')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('button', { name: /Create the category/ }).click()
    await said(page, 'Added “Pay rent”')
    assert.equal(await page.getByLabel('Add a task').inputValue(), '')
    await row(page, 'Pay rent').waitFor()

    // Edit.
    await page.getByRole('link', { name: 'Pay rent' }).click()
    await page.getByRole('link', { name: 'Edit' }).click()
    await page.getByLabel('Title').fill('Pay the rent')
    await page.getByLabel('Description').fill('The account is in https://bank.example/rent')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Pay the rent' }).waitFor()
    const rent = new URL(page.url()).pathname
    assert.match(rent, /^\/task\/\d+$/)
    assert.equal(await page.getByRole('link', { name: 'https://bank.example/rent' }).getAttribute('rel'), 'noopener noreferrer nofollow ugc')

    // Snooze.
    await page.getByText('Snooze, or remind').click()
    await page.getByRole('button', { name: '1 hour' }).click()
    await said(page, 'reminds')

    // A recurring task: the next one comes by itself.
    await page.goto('/')
    await add(page, 'Stretch today every day')
    const first = await row(page, 'Stretch').getAttribute('id')
    await following(page)
    await row(page, 'Stretch').getByRole('button').click()
    await said(page, '“Stretch” is done')
    await until('the next occurrence', async () => {
      const ids = await row(page, 'Stretch').evaluateAll((all) => all.map((one) => one.id))
      return ids.length === 1 && ids[0] !== first
    })

    // Who leaves at once has added it all the same.
    await page.getByLabel('Add a task').fill('Buy milk')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.goto('/upcoming')
    await until('what was added in leaving', async () => {
      await page.goto('/')
      return (await row(page, 'Buy milk').count()) === 1
    })

    // Several at once, and the way back.
    for (const text of ['Water the plants', 'Book a plumber #house ~1h', 'Call the dentist !urgent yesterday']) await add(page, text)
    await page.goto('/tasks')
    await page.getByRole('link', { name: 'Select several' }).click()
    await page.getByLabel('Select: Water the plants').check()
    await page.getByLabel('Select: Book a plumber').check()
    await page.getByRole('textbox', { name: 'Tag' }).fill('chores')
    await page.locator('#several').getByRole('button', { name: 'Add' }).click()
    await said(page, '2 tasks tagged')
    await row(page, 'Water the plants').getByText('#chores').waitFor()
    await page.getByLabel('Select: Water the plants').check()
    await page.getByLabel('Select: Book a plumber').check()
    await page.locator('#several').getByRole('button', { name: 'Delete' }).click()
    await said(page, '2 tasks deleted')
    await until('the rows to go', async () => (await row(page, 'Water the plants').count()) === 0)
    await page.locator('#said').getByRole('button', { name: 'Undo' }).click()
    await row(page, 'Water the plants').waitFor()
    await row(page, 'Book a plumber').waitFor()

    // Arrow keys go through the choices of a filter: nothing is looked up before Apply.
    await page.getByText('Filter and order').click()
    await page.getByLabel('Show').selectOption('deleted')
    await row(page, 'Water the plants').waitFor()
    assert.equal(new URL(page.url()).search, '?select=1')
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.waitForURL(/status=deleted/)

    // Delete one and undo.
    await page.goto('/')
    await page.getByRole('link', { name: 'Water the plants' }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    await said(page, 'Deleted “Water the plants”')
    await page.locator('#said').getByRole('button', { name: 'Undo' }).click()
    await row(page, 'Water the plants').waitFor()

    // Search.
    await page.getByRole('link', { name: 'Search' }).click()
    await page.getByRole('searchbox').fill('plumb')
    await page.getByRole('button', { name: 'Search' }).click()
    await row(page, 'Book a plumber').waitFor()
    assert.equal(await page.locator('.list > li').count(), 1)

    await page.getByRole('link', { name: 'Household' }).first().click()
    await row(page, 'Pay the rent').waitFor()
    paths.push(new URL(page.url()).pathname, rent, rent + '/edit')
    await page.goto(rent)
    paths.push(await page.locator('a.chip[href^="/tag/"]').first().getAttribute('href'))
    await picture(page, 'task')
    assert.deepEqual(page.problems, [])
    await page.context().close()
  },

  async 'a project: parts, what comes first, who is waited for, and what was said'() {
    const page = await open()
    await signIn(page)
    await add(page, 'Renovate the bathroom')
    await page.getByRole('link', { name: 'Renovate the bathroom' }).click()
    await page.getByRole('heading', { name: 'Renovate the bathroom' }).waitFor()
    const root = new URL(page.url()).pathname
    for (const title of ['Choose tiles', 'Get offers from plumbers', 'Lay tiles']) {
      await page.getByLabel('Add a part').fill(title)
      await page.getByRole('button', { name: 'Add part' }).click()
      await said(page, 'Added “' + title)
      await row(page, title).waitFor()
    }
    await page.getByText('0 of 3 done').waitFor()

    // What comes first, by title; its names lead there.
    const arrange = async (fields) => {
      await page.getByText('Move, or say what comes first').click()
      for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value)
      await page.locator('#place').getByRole('button', { name: 'Save' }).click()
    }
    await page.getByRole('link', { name: 'Lay tiles' }).click()
    await page.getByRole('heading', { name: 'Lay tiles' }).waitFor()
    const lay = new URL(page.url()).pathname
    await arrange({ 'Only after': 'Choose tiles' })
    await said(page, 'Saved')
    await page.locator('.facts').getByRole('link', { name: 'Choose tiles' }).waitFor()
    await page.goto(lay)
    await arrange({ 'And only after': 'get offers from PLUMBERS' })
    await page.locator('.facts').getByRole('link', { name: 'Get offers from plumbers' }).waitFor()
    await page.goto(lay)
    await arrange({ 'And only after': 'No such task' })
    await page.getByText('no open task of yours').waitFor()
    assert.equal(await page.getByLabel('And only after').inputValue(), 'No such task')
    await axe(page, 'a blocker that is none')

    // Someone is waited for.
    await page.goto(root)
    await page.getByRole('link', { name: 'Get offers from plumbers' }).click()
    await page.getByRole('heading', { name: 'Get offers' }).waitFor()
    const offers = new URL(page.url()).pathname
    await arrange({ 'Waiting for': 'Mrs Weber to call back' })
    await page.locator('.facts', { hasText: 'Mrs Weber to call back' }).waitFor()
    await page.goto('/')
    await page.locator('section', { has: page.getByRole('heading', { name: /waiting/i }) }).getByText('Get offers from plumbers').waitFor()

    // Moved under another task, and back, without dragging.
    await add(page, 'Calls to make')
    await page.goto(offers)
    await arrange({ 'Part of': 'Calls to make' })
    await page.locator('.facts').getByRole('link', { name: 'Calls to make' }).waitFor()
    await page.goto(root)
    await page.getByText('0 of 2 done').waitFor()
    await page.goto(offers)
    await arrange({ 'Part of': 'renovate the bathroom', 'Waiting for': '' })
    await page.locator('.facts').getByRole('link', { name: 'Renovate the bathroom' }).waitFor()
    await page.goto(root)
    await arrange({ 'Part of': 'Lay tiles' })
    await page.getByText('cannot be moved under').waitFor()

    // What was said: added with a link, changed, deleted, and brought back.
    await page.goto(offers)
    await page.getByLabel('Add a comment').fill('Two offers so far, see https://example.com/plumbers')
    await page.getByText('With a link').click()
    await page.getByLabel('Link', { exact: true }).last().fill('https://example.com/offer.pdf')
    await page.getByLabel('Title of the link').last().fill('Offer of Mrs Weber')
    await page.getByRole('button', { name: 'Comment', exact: true }).click()
    await said(page, 'Commented on')
    const comment = page.locator('#comments li', { hasText: 'Two offers so far' })
    await comment.getByRole('link', { name: 'Offer of Mrs Weber' }).waitFor()
    assert.equal(await comment.getByRole('link', { name: 'https://example.com/plumbers' }).getAttribute('rel'), 'noopener noreferrer nofollow ugc')
    assert.equal(await page.getByLabel('Add a comment').inputValue(), '')
    await comment.getByText('Change').click()
    await comment.getByLabel('Text').fill('Three offers so far')
    await comment.getByRole('button', { name: 'Save' }).click()
    await said(page, 'Changed a comment')
    const changed = page.locator('#comments li', { hasText: 'Three offers so far' })
    await changed.getByRole('link', { name: 'Offer of Mrs Weber' }).waitFor()
    await changed.getByText('Change', { exact: true }).click()
    await changed.getByRole('button', { name: 'Delete' }).click()
    await said(page, 'Deleted a comment')
    assert.equal(await changed.count(), 0)
    await page.locator('#said').getByRole('button', { name: 'Undo' }).click()
    await changed.waitFor()
    await page.getByRole('link', { name: 'Search' }).click()
    await page.getByRole('searchbox').fill('three offers')
    await page.getByRole('button', { name: 'Search' }).click()
    await row(page, 'Get offers from plumbers').waitFor()

    // Parts are completed where they stand; the whole asks what becomes of the rest.
    await page.goto(root)
    await page.getByRole('button', { name: 'Complete: Choose tiles' }).click()
    await page.getByText('1 of 3 done').waitFor()
    await page.getByLabel('Add a comment').fill('The tiler can come from Monday on.')
    await page.getByRole('button', { name: 'Comment', exact: true }).click()
    await said(page, 'Commented on')
    await page.goto(root)
    await page.locator('#comments li', { hasText: 'from Monday on' }).waitFor()
    await page.locator('.list', { hasText: 'after “Get offers from plumbers”' }).waitFor()
    await picture(page, 'project')
    await page.getByRole('button', { name: 'Complete', exact: true }).click()
    await page.getByText('What becomes of them?').waitFor()
    await axe(page, 'open parts')
    await page.getByRole('button', { name: 'Complete them too' }).click()
    await said(page, 'is done')
    await page.locator('#said').getByRole('button', { name: 'Undo' }).click()
    await page.getByText('1 of 3 done').waitFor()
    paths.push(root, lay, offers)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  },

  async 'a form that somebody else overtook shows what changed'() {
    const page = await open({ viewport: { width: 360, height: 640 } }), other = await open()
    await signIn(page)
    await signIn(other)
    const rent = paths.find((path) => path.endsWith('/edit'))
    await page.goto(rent)
    await other.goto(rent)
    await other.getByLabel('Priority').selectOption('low')
    await other.getByRole('button', { name: 'Save' }).click()
    await said(other, 'Saved')
    await page.getByLabel('How long it takes').fill('45 min')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Somebody changed this task meanwhile').waitFor()
    await until('to be led to what is wrong', () => inView(page.getByText('Somebody changed this task meanwhile')))
    assert.equal(await page.getByLabel('How long it takes').inputValue(), '45 min')
    await axe(page, 'overtaken')
    // What happens meanwhile takes it away from nobody who still reads it.
    await other.goto('/')
    for (const text of ['Sweep the stairs', 'Oil the door']) await add(other, text)
    assert.ok(await page.getByText('Somebody changed this task meanwhile').isVisible())
    assert.equal(await page.getByLabel('How long it takes').inputValue(), '45 min')
    await page.getByRole('button', { name: 'Save' }).click()
    await said(page, 'Saved')
    await page.context().close()
    await other.context().close()
  },

  async 'the page follows what happens, and nothing newer is taken for older'() {
    const page = await open(), other = await open()
    await signIn(page)
    await signIn(other)
    await page.goto('/tasks')
    await following(page)

    // News that was asked for before a form, and comes after it, is none.
    await page.evaluate(() => {
      const fetched = window.fetch
      window.fetch = async (url, options = {}) => {
        const response = await fetched(url, options)
        if (options.headers?.['Tickler-Live'] && options.method !== 'POST' && !window.letGo) {
          await new Promise((resolve) => { window.letGo = resolve })
        }
        return response
      }
    })
    await add(other, 'Sharpen the knives')
    await page.waitForFunction(() => window.letGo)
    await add(page, 'Beat the carpets')
    await row(page, 'Beat the carpets').waitFor()
    await page.evaluate(() => {
      new MutationObserver(() => {
        if (!document.getElementById('main').textContent.includes('Beat the carpets')) document.documentElement.dataset.lost = ''
      }).observe(document.getElementById('page'), { childList: true, subtree: true, characterData: true })
      window.letGo()
    })
    await row(page, 'Sharpen the knives').waitFor()
    await add(other, 'Polish the shoes')
    await row(page, 'Polish the shoes').waitFor()
    assert.equal(await page.locator('html[data-lost]').count(), 0, 'a row that was added went away again')
    await page.context().close()
    await other.context().close()
  },

  async 'nothing that was typed is lost, with the connection or the session gone'() {
    const page = await open()
    await signIn(page)
    await page.route('**/add', (route) => route.abort())
    await page.getByLabel('Add a task').fill('Typed in a tunnel')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await said(page, 'cannot be reached')
    assert.equal(await page.getByLabel('Add a task').inputValue(), 'Typed in a tunnel')
    await page.unroute('**/add')
    await page.route('**/add', (route) => route.fulfill({ status: 503, contentType: 'text/html', body: '<p>away' }))
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await said(page, 'cannot save this at the moment')
    await page.unroute('**/add')

    // Over a slow connection it is told that the form is still under way.
    let release
    const held = new Promise((resolve) => { release = resolve })
    await page.route('**/add', async (route) => { await held; await route.fulfill({ status: 503, contentType: 'text/html', body: '<p>away' }) })
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await said(page, 'the connection is slow')
    release()
    await said(page, 'cannot save this at the moment')
    assert.equal(await page.getByLabel('Add a task').inputValue(), 'Typed in a tunnel')
    await page.unroute('**/add')

    // What is too long is told, and not cut off.
    await page.getByLabel('Add a task').fill('T'.repeat(500))
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('has 500 characters; at most 200 are allowed').waitFor()
    assert.equal((await page.getByLabel('Add a task').inputValue()).length, 500)
    await axe(page, 'what is too long')
    await page.getByLabel('Add a task').fill('Typed in a tunnel')

    await page.context().clearCookies()
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('What you typed is kept').waitFor()
    const link = await (await fetch(HERE + '/link')).text()
    await page.goto(new URL(link).pathname)
    await page.route('**/sign-in/link/*', (route) => route.abort())
    await page.getByRole('button', { name: 'Sign in' }).click()
    await said(page, 'cannot be reached')
    await axe(page, 'a link over a broken connection')
    await page.unroute('**/sign-in/link/*')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'What you typed' }).waitFor()
    assert.equal(await page.getByLabel('Text').inputValue(), 'Typed in a tunnel')
    await axe(page, 'kept')
    await page.getByRole('button', { name: 'Send it' }).click()
    await said(page, 'Added “Typed in a tunnel”')
    await page.context().close()
  },

  async 'on a phone, what could not be sent does not look done'() {
    const page = await open({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true })
    await signIn(page)
    await add(page, 'Tapped in a tunnel')
    const circle = row(page, 'Tapped in a tunnel').getByRole('button')
    await page.route('**/complete', (route) => route.abort())
    await circle.tap()
    await said(page, 'cannot be reached')
    await circle.hover() // phones leave it so
    assert.equal(await circle.evaluate((one) => getComputedStyle(one, '::before').opacity), '0')
    await page.unroute('**/complete')
    await circle.tap()
    await said(page, 'is done')
    await page.context().close()
  },

  async 'settings send a test to a real receiver'() {
    const page = await open()
    await signIn(page)
    await page.goto('/settings')
    await page.locator('#add_channel').fill(RECEIVER + '/hook')
    await page.locator('#channels').getByRole('button', { name: 'Add', exact: true }).click()
    await page.locator('#channels', { hasText: '/hook' }).waitFor()
    const received = async () => Number(await (await fetch(HERE + '/received?text=channel.test')).text())
    await until('the first test', async () => (await received()) === 1)
    await page.getByRole('button', { name: /^Send a test/ }).click()
    await until('the second test', async () => (await received()) === 2)
    await page.context().close()
  },

  async 'an import tells how far it has come'() {
    for (const javaScriptEnabled of [true, false]) {
      const page = await open({ javaScriptEnabled })
      await signIn(page)
      await page.goto('/settings')
      const lines = Array.from({ length: 4000 }, (_, n) => `task,Task ${n} of a long list`)
      await page.locator('#file').setInputFiles({ name: 'long.csv', mimeType: 'text/csv', buffer: Buffer.from(['TYPE,CONTENT', ...lines].join('\n')) })
      await page.getByRole('button', { name: 'See what it would do' }).click({ noWaitAfter: true })
      await page.getByText('of 4000').filter({ visible: true }).waitFor()
      await page.getByText('4000 would be created').waitFor()
      assert.equal(await page.locator('progress:visible').count(), 0)
      await page.context().close()
    }
  },

  async 'a token is made and ended, and the activity shows what an agent did as it happens'() {
    const page = await open()
    await signIn(page)
    await page.goto('/connections')
    await page.getByLabel('What is it for?').fill('Claude')
    const { width, height } = page.viewportSize()
    await page.setViewportSize({ width: 360, height: 640 })
    await page.getByRole('button', { name: 'Make it' }).click()
    const token = await page.locator('code.once').first().textContent()
    assert.match(token, /^tkl_/)
    await until('to be led to the token', () => inView(page.locator('code.once').first()))
    await page.setViewportSize({ width, height })
    // It is shown once, and for as long as its person needs.
    const other = await open()
    await signIn(other)
    await other.goto('/tasks')
    await following(other)
    for (const title of ['Seen by the agent', 'Seen once more']) {
      assert.equal((await agent(token, 'POST', '/v1/tasks', { title })).status, 201)
      await row(other, title).waitFor()
    }
    await other.context().close()
    assert.equal(await page.locator('code.once').first().textContent(), token)

    await page.getByRole('link', { name: 'Activity' }).click()
    await following(page)
    const made = await agent(token, 'POST', '/v1/tasks', { title: 'By an agent <b>', priority: 'high' })
    assert.equal(made.status, 201)
    await page.locator('.steps li', { hasText: 'Claude added By an agent <b>' }).waitFor()
    const { task } = await made.json()
    await agent(token, 'PATCH', '/v1/tasks/' + task.id, { priority: 'low' })
    const change = page.locator('.steps li', { hasText: 'Claude changed By an agent <b>' })
    await change.locator('del', { hasText: 'high' }).waitFor()
    await change.locator('ins', { hasText: 'low' }).waitFor()
    await picture(page, 'activity')
    await change.getByRole('button', { name: /^Undo/ }).click()
    await said(page, 'Undone')
    assert.equal((await (await agent(token, 'GET', '/v1/tasks/' + task.id)).json()).task.priority, 'high')

    // All that it did.
    await page.getByRole('link', { name: 'Claude', exact: true }).first().click()
    await page.getByRole('link', { name: /^Undo all by Claude/ }).click()
    await axe(page, 'undo-all')
    await page.getByRole('button', { name: /^Undo/ }).click()
    await said(page, 'Undone')
    assert.equal((await agent(token, 'GET', '/v1/tasks/' + task.id)).status, 404)

    await page.goto('/connections')
    await page.locator('.steps li', { hasText: 'Claude' }).getByText('End', { exact: true }).click()
    await page.getByRole('button', { name: 'Really end Claude' }).click()
    await until('the token to end', async () => (await agent(token, 'GET', '/v1/tasks')).status === 401)
    assert.deepEqual(page.problems, [])
    await page.context().close()
  },

  async 'the zone of the browser is offered where it is another'() {
    for (const [timezoneId, offered] of [['Europe/Berlin', false], ['America/Lima', true]]) {
      const page = await open({ timezoneId })
      await signIn(page)
      await page.goto('/settings')
      const use = page.getByRole('button', { name: 'Use ' + timezoneId })
      assert.equal(await use.isVisible(), offered, timezoneId)
      if (offered) await use.click()
      assert.equal(await page.locator('#time_zone').inputValue(), timezoneId)
      assert.deepEqual(page.problems, [])
      await page.context().close()
    }
  },

  async 'a passkey signs in'() {
    const page = await open()
    await signIn(page)
    const session = await page.context().newCDPSession(page)
    await session.send('WebAuthn.enable')
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    })
    await page.goto('/settings')
    await page.getByLabel('Name of a new one').fill('Phone')
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.locator('#passkeys', { hasText: 'Phone' }).waitFor()
    await page.getByRole('button', { name: 'Sign out', exact: true }).first().click()
    await page.goto('/tasks')
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('heading', { name: 'All tasks' }).waitFor()
    await page.context().close()
  },

  async 'without script'() {
    const page = await open({ javaScriptEnabled: false })
    await signIn(page)
    await add(page, 'Plain forms tomorrow 10:00 #plain')
    await page.locator('#said .toast', { hasText: 'tomorrow 10:00' }).waitFor()
    await page.getByRole('link', { name: 'Plain forms' }).click()
    await page.getByRole('link', { name: 'Edit' }).click()
    await page.getByLabel('Title').fill('Plainer forms')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Plainer forms' }).waitFor()
    await page.getByRole('button', { name: 'Complete' }).click()
    await said(page, 'is done')
    await page.locator('#said').getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    await said(page, 'Deleted')
    await page.locator('#said').getByRole('button', { name: 'Undo' }).click()
    await row(page, 'Plainer forms').waitFor()
    // Parts, their order and comments work by plain forms too.
    await add(page, 'A plain project')
    await page.getByRole('link', { name: 'A plain project' }).click()
    for (const title of ['First step', 'Second step']) {
      await page.getByLabel('Add a part').fill(title)
      await page.getByRole('button', { name: 'Add part' }).click()
      await row(page, title).waitFor()
    }
    const project = new URL(page.url()).pathname
    await page.getByRole('link', { name: 'Second step' }).click()
    await page.getByText('Move, or say what comes first').click()
    await page.getByLabel('Only after').fill('First step')
    await page.locator('#place').getByRole('button', { name: 'Save' }).click()
    await page.locator('.facts').getByRole('link', { name: 'First step' }).waitFor()
    await page.getByLabel('Add a comment').fill('Said without script')
    await page.getByRole('button', { name: 'Comment', exact: true }).click()
    await page.locator('#comments li', { hasText: 'Said without script' }).waitFor()
    await page.goto(project)
    await page.getByRole('button', { name: 'Complete', exact: true }).click()
    await page.getByRole('button', { name: 'Leave them open' }).click()
    await said(page, 'is done')

    await page.goto('/tasks?select=1')
    await page.getByLabel('Select: Plainer forms').check()
    await page.locator('#several').getByRole('button', { name: 'Complete' }).click()
    await said(page, '1 task completed')
    await page.goto('/search?q=plainer')
    await row(page, 'Plainer forms').waitFor()
    await page.goto('/settings')
    await page.getByRole('button', { name: /^Send a test/ }).click()
    await until('a test', async () => Number(await (await fetch(HERE + '/received?text=channel.test')).text()) === 3)
    await page.goto('/activity')
    await page.locator('.steps li', { hasText: 'You completed Plainer forms' }).getByRole('button', { name: /^Undo/ }).first().click()
    await said(page, 'Undone')
    await page.context().close()
  },

  async 'at 320 pixels'() {
    const page = await open({ viewport: { width: 320, height: 640 }, colorScheme: 'dark', reducedMotion: 'reduce', hasTouch: true })
    await signIn(page)
    await picture(page, 'phone')
    await add(page, 'W'.repeat(200))
    await add(page, 'לקנות חלב ולחם #קניות')
    for (const path of paths) {
      await page.goto(path)
      const [wide, inside] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
      assert.ok(wide <= inside, `${path} is ${wide} pixels wide`)
    }
    await page.goto('/')
    await row(page, 'לקנות').getByRole('button').click()
    await said(page, 'is done')
    await page.locator('#said').getByRole('button', { name: 'Undo' }).click()
    await row(page, 'לקנות').waitFor()
    await row(page, 'WWWW').getByRole('button').click()
    await said(page, 'is done')
    // The navigation has no room for the search, so All tasks leads there.
    await page.goto('/tasks')
    await page.getByRole('main').getByRole('link', { name: 'Search' }).click()
    await page.getByRole('searchbox').waitFor()

    // Letters of twice the size: all can be reached, and nothing is cut off.
    for (const path of paths) {
      await page.goto(path)
      await page.evaluate(() => {
        document.documentElement.style.fontSize = '200%'
        document.querySelectorAll('main details').forEach((one) => { one.open = true })
      })
      const beyond = await page.evaluate(() => [...document.querySelectorAll('#page *')].filter((one) => {
        const { width, left, right } = one.getBoundingClientRect()
        return width > 0 && (left < -1 || right > innerWidth + 1) && !one.closest('.skip, .visually-hidden, option, datalist')
      }).map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`))
      assert.deepEqual(beyond, [], `${path} with large letters`)
      const narrow = await page.locator('.list .title').evaluateAll((all) => all.filter((one) => {
        const { width } = one.getBoundingClientRect()
        return width > 0 && width < 2 * 32
      }).map((one) => one.textContent))
      assert.deepEqual(narrow, [], `${path} with large letters: titles have no room`)
    }
    assert.deepEqual(page.problems, [])
    await page.context().close()
  },

  async 'by keyboard alone'() {
    const page = await open()
    await signIn(page)
    const focus = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim() || document.activeElement.id)
    const tabTo = async (name, most = 60) => {
      for (let n = 0; n < most; n++) {
        await page.keyboard.press('Tab')
        if (await page.evaluate((name) => {
          const at = document.activeElement
          return (at.getAttribute('aria-label') || at.labels?.[0]?.textContent || at.textContent).trim().startsWith(name)
        }, name)) return
      }
      assert.fail(`Tab does not lead to ${name}; the focus is on ${await focus()}`)
    }
    await page.reload()
    await page.keyboard.press('Tab')
    assert.equal(await focus(), 'Skip to the content')
    await page.keyboard.press('Enter')
    await tabTo('Add a task', 3)
    await page.keyboard.type('By keys today')
    await page.keyboard.press('Enter')
    await said(page, 'Added')
    await row(page, 'By keys').waitFor()
    await tabTo('Complete: By keys')
    const seen = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle)
    assert.notEqual(seen, 'none', 'the focus can be seen')
    await page.keyboard.press('Enter')
    await said(page, 'is done')
    assert.ok(await page.evaluate(() => document.activeElement.closest('#main')), 'the focus stays in the list')
    await page.keyboard.press('Control+z') // Undo is behind the whole list
    await said(page, 'Undone')
    await row(page, 'By keys').waitFor()
    await tabTo('Undo')
    await page.keyboard.press('Enter')
    await until('the undo to be undone', async () => (await row(page, 'By keys').count()) === 0)
    await page.keyboard.press('Control+z')
    await row(page, 'By keys').waitFor()
    await tabTo('By keys')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'By keys' }).waitFor()
    await tabTo('Edit')
    await page.keyboard.press('Enter')
    await page.getByLabel('Title').waitFor()
    await tabTo('Title')
    await page.keyboard.press('End')
    await page.keyboard.type(' only')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'By keys only' }).waitFor()
    await tabTo('Snooze')
    await page.keyboard.press('Enter')
    await tabTo('10 minutes')
    await page.keyboard.press('Enter')
    await said(page, 'reminds')
    await tabTo('Delete')
    await page.keyboard.press('Enter')
    await said(page, 'Deleted')

    // What stays in view while the page moves covers nothing that has the focus.
    for (const size of [{ width: 1100, height: 600 }, { width: 800, height: 600 }, { width: 360, height: 640 }]) {
      await page.setViewportSize(size)
      await page.goto('/tasks?status=all&select=1')
      const covered = []
      for (let n = 0; n < 60; n++) {
        await page.keyboard.press('Tab')
        covered.push(await page.evaluate(() => {
          const at = document.activeElement, { left, top, width, height } = at.getBoundingClientRect()
          const seen = document.elementFromPoint(left + Math.min(width / 2, 20), top + height / 2)
          return at === document.body || at.contains(seen) || seen?.contains(at) ? '' : at.getAttribute('aria-label') || at.textContent
        }))
      }
      assert.deepEqual(covered.filter(Boolean), [], `the focus at ${size.width} pixels`)
    }
    await page.context().close()
  },

  async 'axe, on every page, light and dark'() {
    for (const [colorScheme, width] of [['light', 1100], ['dark', 320]]) {
      const page = await open({ colorScheme, viewport: { width, height: 900 } })
      await signIn(page)
      for (const path of paths) {
        await page.goto(path)
        await page.evaluate(() => document.querySelectorAll('main details').forEach((one) => { one.open = true }))
        await axe(page, path + ' ' + colorScheme)
      }
      await page.goto('/task/999999999')
      await axe(page, 'not found ' + colorScheme)
      if (colorScheme === 'light') await page.goto('/').then(() => picture(page, 'today'))
      assert.deepEqual(page.problems, [])
      await page.context().close()
    }
  },

  async 'printed, a task is what it says'() {
    const page = await open()
    await signIn(page)
    await add(page, 'Printed for the fridge')
    await page.getByRole('link', { name: 'Printed for the fridge' }).click()
    await page.getByRole('heading', { name: 'Printed for the fridge' }).waitFor()
    await page.emulateMedia({ media: 'print' })
    assert.ok(await page.getByRole('heading', { name: 'Printed for the fridge' }).isVisible())
    assert.equal(await page.locator('nav:visible, button:visible, input:visible, textarea:visible').count(), 0)
    await page.context().close()
  },

  async 'the first load is small'() {
    const page = await open()
    await signIn(page)
    const fresh = await browser.newContext({ storageState: await page.context().storageState(), baseURL: PAGE })
    const visit = await fresh.newPage()
    let bytes = 0, requests = 0
    visit.on('requestfinished', async (request) => {
      if (request.url().endsWith('/live')) return
      requests++
      const sizes = await request.sizes()
      bytes += sizes.responseBodySize + sizes.responseHeadersSize
    })
    await visit.goto('/')
    await visit.waitForTimeout(300) // favicon
    console.log(`first load of /: ${requests} requests, ${bytes} bytes`)
    assert.ok(bytes <= 100_000)
    await fresh.close()
    await page.context().close()
  },
}

// axe looks at a page once nothing on it moves: what fades in has less contrast on the way.
async function axe(page, what) {
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze()
  assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ') + ' ' + node.failureSummary).join(' | ')}`), [], `axe on ${what}`)
}

const only = process.env.ONLY
const failed = [] // what is known of each failure, told last
for (const [name, step] of Object.entries(steps)) {
  if (only && !name.includes(only)) continue
  const began = Date.now()
  try {
    await step()
    console.log(`ok ${name} (${Date.now() - began} ms)`)
  } catch (error) {
    console.log(`FAILED ${name} (${Date.now() - began} ms)`)
    failed.push(`FAILED ${name}: ${error.stack}`)
    for (const context of browser.contexts()) {
      for (const page of context.pages()) {
        const text = await page.locator('body').innerText({ timeout: 2000 }).catch((error) => 'no text: ' + error.message)
        const picture = join(tmpdir(), `tickler-page-failed-${failed.length}.png`)
        await page.screenshot({ path: picture, timeout: 5000 }).catch(() => {})
        failed.push(`--- on ${page.url()}, pictured in ${picture}:`, text.slice(0, 3000), '--- lately:', ...(page.lately ?? []))
      }
      await context.close()
    }
  }
}
await browser.close()
if (failed.length > 0) console.log(failed.join('\n'))
process.exitCode = failed.length > 0 ? 1 : 0
