"""Puts the tools of every profile through what agents' frameworks convert them with.

A tool that a framework cannot convert is one that its models never see. Needs
TICKLER_MCP_URL and TICKLER_TOKEN; see make test-mcp.
"""

import asyncio
import os

from agents.mcp import MCPServerStreamableHttp
from agents.mcp.util import MCPUtil
from google.genai import _mcp_utils as gemini

URL = os.environ["TICKLER_MCP_URL"]
HEADERS = {"Authorization": f"Bearer {os.environ['TICKLER_TOKEN']}"}
PROFILES = {"": 24, "?tools=core": 8, "?tools=read": 6, "?tools=connector": 2}  # at least so many


async def convert(profile: str, least: int) -> None:
    async with MCPServerStreamableHttp({"url": URL + profile, "headers": HEADERS}) as server:
        tools = await server.list_tools()
        assert len(tools) >= least, f"{profile}: {len(tools)} tools"
        for tool in tools:
            properties = tool.input_schema["properties"]

            [declaration] = gemini.mcp_to_gemini_tool(tool).function_declarations
            converted = declaration.parameters.properties or {}
            assert set(converted) == set(properties), f"Gemini loses fields of {tool.name}: {set(properties) - set(converted)}"
            for name, schema in converted.items():
                same(f"{tool.name}.{name}", properties[name], schema)

            function = MCPUtil.to_function_tool(tool, server, convert_schemas_to_strict=True)
            # One without arguments is served as it is: there is nothing to be strict about.
            assert function.strict_json_schema or not properties, f"{tool.name} has no strict form"
            assert set(function.params_json_schema["properties"]) == set(properties), tool.name
        print(f"{profile or 'all'}: {len(tools)} tools")


def same(where: str, ours: dict, theirs) -> None:
    """Requires that a schema of Gemini says what ours says."""
    assert theirs.type is not None and theirs.type.value.lower() == ours["type"], f"{where} is of type {theirs.type}"
    assert theirs.enum == ours.get("enum"), f"{where} allows {theirs.enum}"
    assert theirs.description == ours.get("description"), where
    if "items" in ours:
        same(where + "[]", ours["items"], theirs.items)
    for name, schema in ours.get("properties", {}).items():
        same(f"{where}.{name}", schema, theirs.properties[name])


for profile, least in PROFILES.items():
    asyncio.run(convert(profile, least))
