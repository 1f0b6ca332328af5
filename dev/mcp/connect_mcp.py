"""The official Python client, connected as a person does who pastes an address."""

import asyncio
import os
import urllib.parse
import urllib.request

import httpx2
import mcp
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

URL, HERE = os.environ["TICKLER_MCP_URL"], os.environ["HERE"]


def person(path):
    with urllib.request.urlopen(HERE + path) as answer:
        return answer.read().decode()


class Storage:
    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


async def connect(document):
    storage, asked = Storage(), []

    async def redirect(address):
        asked.append(await asyncio.to_thread(person, "/agree?url=" + urllib.parse.quote(address, safe="")))

    async def callback():
        answer = urllib.parse.parse_qs(urllib.parse.urlsplit(asked[-1]).query)
        return AuthorizationCodeResult(code=answer["code"][0], state=answer["state"][0], iss=answer["iss"][0])

    async def listed():
        metadata = OAuthClientMetadata(
            client_name="Python client", redirect_uris=["http://127.0.0.1:9/callback"], grant_types=["authorization_code", "refresh_token"],
            response_types=["code"], token_endpoint_auth_method="none",
        )
        auth = OAuthClientProvider(URL, metadata, storage, redirect, callback, client_metadata_url=document)
        async with httpx2.AsyncClient(auth=auth) as http, mcp.Client(streamable_http_client(URL, http_client=http)) as client:
            assert len((await client.list_tools()).tools) >= 24

    await listed()
    assert len(asked) == 1
    await listed()
    assert len(asked) == 1, "its token is still good"
    await asyncio.to_thread(person, "/end")
    await listed()
    assert len(asked) == 2, "it asked anew"


async def main():
    for document in (None, os.environ["DOCUMENT"]):
        await connect(document)


asyncio.run(main())
