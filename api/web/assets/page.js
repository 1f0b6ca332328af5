// The page works without this script. With it, forms are sent in place, quick add
// shows what it understands while it is typed, and the page follows the person's own
// events as they happen.
'use strict'
{
  const page = () => document.getElementById('page')
  const busy = new Set() // forms under way
  let sent = 0 // forms so far
  const address = () => location.pathname + location.search
  let at = address() // of the page that is shown

  // fetchPage returns a document, or null where the server sent none.
  const fetchPage = async (url, options = {}) => {
    const response = await fetch(url, { credentials: 'same-origin', ...options, headers: { Accept: 'text/html', ...options.headers } })
    const html = (response.headers.get('Content-Type') || '').startsWith('text/html')
    return { response, doc: html ? new DOMParser().parseFromString(await response.text(), 'text/html') : null }
  }

  // typed tells whether a person has changed a field since it was shown.
  const typed = (field) => {
    if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked
    if (field.tagName === 'SELECT') return [...field.options].some((o) => o.selected !== o.defaultSelected) && [...field.options].some((o) => o.defaultSelected)
    return 'defaultValue' in field && field.value !== field.defaultValue
  }

  // morph turns one element into another and keeps what is the same, so that focus,
  // scrolling and what is being typed stay. mine: what was typed stays too.
  const morph = (from, to, mine) => {
    if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName || from.id !== to.id) {
      from.replaceWith(document.importNode(to, true))
      return
    }
    if (from.nodeType !== Node.ELEMENT_NODE) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue
      return
    }
    if (mine && from.hasAttribute('data-keep')) return
    const keeps = mine && from.matches('input, textarea, select') && typed(from)
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !(name === 'open' && mine)) from.removeAttribute(name)
    }
    for (const { name, value } of to.attributes) {
      if (from.getAttribute(name) !== value && !(keeps && (name === 'value' || name === 'checked'))) from.setAttribute(name, value)
    }
    if (!keeps && from.matches('input, textarea')) {
      if (from.type === 'checkbox' || from.type === 'radio') from.checked = to.checked
      else if (from.type !== 'file' && from.value !== to.value) from.value = to.value
    }
    if (keeps && from.tagName === 'SELECT') return
    const named = new Map([...from.children].filter((c) => c.id).map((c) => [c.id, c]))
    let here = from.firstChild
    for (const next of [...to.childNodes]) {
      const same = next.id && named.get(next.id)
      if (same && same !== here) from.insertBefore(same, here)
      if (same) {
        here = same.nextSibling
        morph(same, next, mine)
      } else if (here && !here.id && !next.id && here.nodeName === next.nodeName) {
        const after = here.nextSibling
        morph(here, next, mine)
        here = after
      } else {
        from.insertBefore(document.importNode(next, true), here)
      }
    }
    while (here) {
      const after = here.nextSibling
      here.remove()
      here = after
    }
  }

  // show puts another document in place of the present one.
  const show = (doc, { mine = false, url = location.href } = {}) => {
    const now = page(), next = doc.getElementById('page')
    // A page with a script of its own is loaded, so that the script runs; and one with a
    // policy of its own, since that of this document would hold its forms back.
    if (!next || next.querySelector('[data-policy]') || [...doc.scripts].some((s) => ![...document.scripts].some((here) => here.src === s.src))) return location.assign(url)
    const focused = document.activeElement, buttons = () => [...document.querySelectorAll('#main .done-box, #main .pick')]
    const place = buttons().indexOf(focused)
    const moved = new URL(url, location.href).pathname !== location.pathname
    document.title = doc.title
    if (moved || url !== location.href) history[moved ? 'pushState' : 'replaceState'](null, '', url)
    at = address()
    if (mine) next.querySelector('#said')?.replaceWith(document.importNode(document.getElementById('said') || document.createElement('div'), true))
    morph(now, next, mine)
    enhance()
    follow()
    // Who sent a form is led to what is wrong with it, or to what is shown once.
    const answer = !mine && (document.querySelector('#main [aria-invalid="true"]') || document.querySelector('#main :is([role="alert"], [role="status"]):not([hidden])'))
    if (moved) scrollTo(0, 0)
    if (answer) {
      if (answer.tabIndex < 0) answer.tabIndex = -1
      answer.focus()
    } else if (moved) {
      document.getElementById('main')?.focus({ preventScroll: true })
    } else if (focused !== document.activeElement || !focused.isConnected) {
      const left = buttons()
      const again = focused.id && document.getElementById(focused.id)
      const target = again || (place >= 0 && left.length > 0 && left[Math.min(place, left.length - 1)]) || document.getElementById('main')
      target?.focus({ preventScroll: true })
    }
  }

  // tell says something that the server could not.
  const tell = (text) => {
    const said = document.getElementById('said')
    const toast = document.createElement('div')
    toast.className = 'toast'
    const words = document.createElement('p')
    words.textContent = text
    const close = document.createElement('button')
    close.type = 'button'
    close.className = 'close'
    close.dataset.close = ''
    close.setAttribute('aria-label', 'Close')
    close.textContent = '×'
    toast.append(words, close)
    said.replaceChildren(toast)
  }

  // Forms are sent in place. What cannot be sent stays as it was typed.
  document.addEventListener('submit', async (event) => {
    const form = event.target, button = event.submitter
    if (event.defaultPrevented || form.hasAttribute('data-plain') || button?.hasAttribute('data-plain')) return
    if ((button?.getAttribute('formmethod') || form.method).toLowerCase() !== 'post') return
    event.preventDefault()
    if (busy.has(form)) return
    busy.add(form)
    sent++
    const data = new FormData(form, button)
    const body = form.enctype === 'multipart/form-data' ? data : new URLSearchParams(data)
    const action = button?.hasAttribute('formaction') ? button.formAction : form.action
    if (String(body).length > 1_000_000) { // the server takes 1 MiB; a file is sent by another form
      busy.delete(form)
      return tell('This is too long to be sent. Nothing is lost: make it shorter, and send it again.')
    }
    button?.setAttribute('aria-busy', 'true')
    const slow = setTimeout(() => tell('Sending takes long: the connection is slow. What you typed stays here until it is saved.'), 3000)
    try {
      // Who leaves the page at once has sent the form all the same. Browsers do that
      // with 64 KiB at most.
      const keepalive = body !== data && String(body).length < 60_000
      const { response, doc } = await fetchPage(action, { method: 'POST', body, keepalive })
      if (response.status === 429 || response.status >= 502) {
        tell(response.status === 429 ? 'Too fast: nothing was saved. Try again in a moment.' : 'Tickler cannot save this at the moment. Nothing is lost: try again in some seconds.')
      } else if (!doc) {
        tell('That did not work: ' + response.status)
      } else {
        show(doc, { url: response.redirected ? response.url : location.href })
      }
    } catch {
      tell('Tickler cannot be reached. Nothing is lost: try again when the connection is back.')
    } finally {
      clearTimeout(slow)
      busy.delete(form)
      button?.removeAttribute('aria-busy')
    }
  })

  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-close]')) document.getElementById('said')?.replaceChildren()
    const zone = event.target.closest('[data-zone]'), field = document.getElementById('time_zone')
    if (zone) {
      field.value = zone.value
      field.focus()
      zone.hidden = true
    }
    const all = event.target.closest('[data-all]')
    if (all) for (const box of document.querySelectorAll('.pick')) box.checked = all.checked
  })

  // The keys that take back in other programs do so here, outside of fields with text.
  document.addEventListener('keydown', (event) => {
    const undo = document.querySelector('#said [formaction="/undo"]')
    if (!undo || event.key !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.target.matches('input:not([type="checkbox"]), textarea, select')) return
    event.preventDefault()
    undo.click()
  })

  // Quick add shows what it understands.
  let waiting, asking
  document.addEventListener('input', (event) => {
    const field = event.target.closest('[data-understand]')
    if (!field) return
    clearTimeout(waiting)
    waiting = setTimeout(async () => {
      asking?.abort()
      asking = new AbortController()
      const text = field.value, shown = document.getElementById('understood')
      if (!text.trim()) return shown.replaceChildren()
      try {
        const { response, doc } = await fetchPage(field.dataset.understand, { method: 'POST', body: new URLSearchParams({ text }), headers: { 'Tickler-Live': '1' }, signal: asking.signal })
        if (response.ok && doc && field.isConnected && field.value === text) shown.replaceChildren(...document.importNode(doc.body, true).childNodes)
      } catch { /* the next letter asks again */ }
    }, 180)
  })

  // The page follows its person's events while it is looked at. A browser opens few
  // connections to one server, so a page in the background lets go of its own.
  //
  // The answer to a form is left as it is until its person goes on (it has no
  // data-live): a token, or what is wrong with the form, is shown in it only once.
  let events, due, looking
  const refresh = async () => {
    due = undefined
    if (busy.size > 0 || looking) return later()
    if (!page()?.dataset.live) return
    const before = sent
    looking = true
    try {
      const { response, doc } = await fetchPage(location.href, { headers: { 'Tickler-Live': '1' } })
      // A form that was sent meanwhile has led to a newer page than this one.
      if (sent !== before) later()
      else if (doc && response.ok && !response.redirected) show(doc, { mine: true })
    } catch { /* the stream comes back, and then the page too */ }
    looking = false
  }
  const later = () => { due ??= setTimeout(refresh, 120) } // events that keep coming do not put it off
  const follow = () => {
    const source = page()?.dataset.live
    if (!source || document.hidden || events) return
    events = new EventSource(source)
    let first = true
    events.addEventListener('open', () => {
      if (!first) later() // something may have happened between
      first = false
      document.documentElement.dataset.following = ''
    })
    events.addEventListener('change', later)
    events.addEventListener('error', () => {
      delete document.documentElement.dataset.following
      if (events?.readyState !== EventSource.CLOSED) return
      leave()
      setTimeout(follow, 30_000)
    })
  }
  const leave = () => {
    events?.close()
    events = undefined
    delete document.documentElement.dataset.following
  }
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return leave()
    follow()
    if (page()?.dataset.live) later()
  })
  addEventListener('pagehide', leave)
  addEventListener('pageshow', follow)
  // Going back loads the page; a place on the same page does not.
  addEventListener('popstate', () => { if (address() !== at) location.reload() })

  // enhance shows what is of use with the script only.
  const enhance = () => {
    for (const one of document.querySelectorAll('[data-close], [data-script]')) one.hidden = false
    const zone = document.querySelector('[data-zone]')
    if (!zone) return
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone
    zone.textContent = 'Use ' + zone.value + ', the zone of this browser'
    zone.hidden = document.getElementById('time_zone').value === zone.value
  }
  enhance()
  follow()
}
