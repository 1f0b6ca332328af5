// Connects a client to a server that it knows nothing of but the address, as a person
// does who pastes it: the client finds the authorization server, registers or names its
// description, and its person agrees. HERE plays the person. Then the token is thrown
// away, so that the client refreshes; and the connection is ended, so that the client
// asks anew.
import assert from 'node:assert/strict';

export const url = new URL(process.env.TICKLER_MCP_URL);
const here = process.env.HERE;

export class Provider {
  constructor(document) {
    this.clientMetadataUrl = document;
    this.redirectUrl = 'http://127.0.0.1:9/callback';
    this.asked = 0;
  }
  get clientMetadata() {
    return { client_name: 'Node client', redirect_uris: [this.redirectUrl], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'none' };
  }
  state() { return `state ${this.asked}`; }
  clientInformation() { return this.client; }
  saveClientInformation(client) { this.client = client; }
  tokens() { return this.kept; }
  saveTokens(tokens) { this.kept = tokens; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  codeVerifier() { return this.verifier; }
  invalidateCredentials(scope) {
    if (scope === 'all' || scope === 'client') this.client = undefined;
    if (scope === 'all' || scope === 'tokens') this.kept = undefined;
  }
  async redirectToAuthorization(address) {
    this.asked++;
    const answer = await fetch(`${here}/agree?url=${encodeURIComponent(address.href)}`);
    assert.equal(answer.status, 200, await answer.clone().text());
    this.back = new URL(await answer.text());
    assert.equal(this.back.searchParams.get('state'), this.state().replace(/\d+$/, String(this.asked - 1)));
    assert.equal(this.back.searchParams.get('iss'), url.origin);
  }
}

// connect goes the whole way with a client; finish hands the answer to its transport.
export async function connect({ makeClient, makeTransport, finish, Unauthorized, document }) {
  const provider = new Provider(document);
  const listed = async () => {
    for (let attempt = 0; ; attempt++) {
      const transport = makeTransport(provider);
      const client = makeClient();
      try {
        await client.connect(transport);
        const { tools } = await client.listTools();
        await client.close();
        return tools.length;
      } catch (error) {
        if (attempt > 0 || !(error instanceof Unauthorized)) throw error;
        await finish(transport, provider.back.searchParams);
      }
    }
  };
  assert.ok(await listed() >= 24);
  assert.equal(provider.asked, 1);
  const first = provider.kept;

  provider.kept = { ...first, access_token: 'gone' };
  assert.ok(await listed() >= 24);
  assert.equal(provider.asked, 1, 'it refreshed, and asked nobody');
  assert.notEqual(provider.kept.refresh_token, first.refresh_token);

  const ended = await fetch(`${here}/end`);
  assert.equal(ended.status, 200);
  assert.ok(await listed() >= 24);
  assert.equal(provider.asked, 2, 'it asked anew');
}
