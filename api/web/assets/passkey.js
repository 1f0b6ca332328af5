// Passkeys: asks the authenticator what the server asks, and sends its answer back.
'use strict';
(() => {
  if (!window.PublicKeyCredential) return;

  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const known = list => (list || []).map(one => ({ ...one, id: bytes(one.id) }));

  async function post(path, body) {
    const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify(body || {}) });
    let told = {};
    try { told = await answer.json(); } catch { /* a page, not JSON */ }
    if (!answer.ok) throw new Error(told.detail || 'The server did not take it. Load the page again.');
    return told;
  }

  async function signIn() {
    const { publicKey } = await post('/sign-in/passkey/begin');
    const key = await navigator.credentials.get({ publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: known(publicKey.allowCredentials) } });
    return post('/sign-in/passkey/finish', {
      id: key.id, rawId: text(key.rawId), type: key.type, authenticatorAttachment: key.authenticatorAttachment || undefined, clientExtensionResults: key.getClientExtensionResults(),
      response: { authenticatorData: text(key.response.authenticatorData), clientDataJSON: text(key.response.clientDataJSON), signature: text(key.response.signature), userHandle: key.response.userHandle ? text(key.response.userHandle) : undefined },
    });
  }

  async function add(name) {
    const { publicKey } = await post('/settings/passkeys/begin?name=' + encodeURIComponent(name));
    const key = await navigator.credentials.create({ publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), user: { ...publicKey.user, id: bytes(publicKey.user.id) }, excludeCredentials: known(publicKey.excludeCredentials) } });
    return post('/settings/passkeys/finish?name=' + encodeURIComponent(name), {
      id: key.id, rawId: text(key.rawId), type: key.type, authenticatorAttachment: key.authenticatorAttachment || undefined, clientExtensionResults: key.getClientExtensionResults(),
      response: { attestationObject: text(key.response.attestationObject), clientDataJSON: text(key.response.clientDataJSON), transports: key.response.getTransports ? key.response.getTransports() : [] },
    });
  }

  // The page changes in place: a button is replaced, or hidden again as the server sends
  // it. So whatever is hidden is shown, and clicks are taken from the document.
  const show = () => {
    for (const button of document.querySelectorAll('[data-passkey][hidden]')) button.hidden = false;
  };
  show();
  new MutationObserver(show).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ['hidden'] });

  document.addEventListener('click', async event => {
    const button = event.target.closest && event.target.closest('[data-passkey]');
    if (!button) return;
    const problem = document.getElementById('passkey-error');
    button.disabled = true;
    if (problem) problem.hidden = true;
    try {
      const name = document.getElementById('passkey-name');
      const { to } = await (button.dataset.passkey === 'add' ? add((name && name.value.trim()) || 'Passkey') : signIn());
      const target = new URL(to, location.href);
      if (target.pathname === location.pathname) { history.replaceState(null, '', target); location.reload(); } else location.assign(target);
    } catch (e) {
      button.disabled = false;
      if (!problem) return;
      problem.textContent = e.name === 'NotAllowedError' ? 'Nothing was done: the request was dismissed, or took too long.'
        : e.name === 'InvalidStateError' ? 'This device has a passkey for you already.' : e.message;
      problem.hidden = false;
    }
  });
})();
