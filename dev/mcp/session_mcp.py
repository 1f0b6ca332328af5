"""The official Python client."""

import asyncio
import json

import httpx2
import mcp
from mcp.client.streamable_http import streamable_http_client

from session import HEADERS, URL, Connection, session


async def main():
    async with httpx2.AsyncClient(headers=HEADERS) as http, mcp.Client(streamable_http_client(URL, http_client=http)) as client:

        async def call(name, arguments):
            result = await client.call_tool(name, arguments)
            assert json.loads(result.content[0].text) == result.structured_content
            return result.structured_content

        async def prompt(name):
            return (await client.get_prompt(name)).messages[0].content.text

        async def resource(uri):
            return (await client.read_resource(uri)).contents[0].text

        await session("mcp", Connection([tool.name for tool in (await client.list_tools()).tools], call, prompt, resource))


asyncio.run(main())
