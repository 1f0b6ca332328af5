"""The tools, prompts and resources as LangChain's agents get them."""

import asyncio
import json

from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.prompts import load_mcp_prompt
from langchain_mcp_adapters.resources import load_mcp_resources

from session import HEADERS, URL, Connection, session


async def main():
    client = MultiServerMCPClient({"tickler": {"transport": "streamable_http", "url": URL, "headers": HEADERS}})
    tools = {tool.name: tool for tool in await client.get_tools()}
    async with client.session("tickler") as open_session:

        async def call(name, arguments):
            message = await tools[name].ainvoke({"type": "tool_call", "id": "1", "name": name, "args": arguments})
            content = message.content
            return json.loads(content if isinstance(content, str) else content[0]["text"])

        async def prompt(name):
            return (await load_mcp_prompt(open_session, name))[0].content

        async def resource(uri):
            return (await load_mcp_resources(open_session, uris=[uri]))[0].as_string()

        await session("langchain", Connection(list(tools), call, prompt, resource))


asyncio.run(main())
