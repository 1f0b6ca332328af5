"""The client of FastMCP."""

import asyncio

import fastmcp
from fastmcp.client.transports import StreamableHttpTransport

from session import HEADERS, URL, Connection, session


async def main():
    async with fastmcp.Client(StreamableHttpTransport(URL, headers=HEADERS)) as client:

        async def call(name, arguments):
            result = await client.call_tool(name, arguments, raise_on_error=False)
            return result.structured_content

        async def prompt(name):
            return (await client.get_prompt(name)).messages[0].content.text

        async def resource(uri):
            return (await client.read_resource(uri))[0].text

        await session("fastmcp", Connection([tool.name for tool in await client.list_tools()], call, prompt, resource))


asyncio.run(main())
