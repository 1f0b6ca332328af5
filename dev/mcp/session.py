"""A whole session of an agent in Python, with whatever client it is given: list, add,
find, complete, mend a mistake, delete, restore, prompts, resources.
"""

import json
import os
import re

URL = os.environ["TICKLER_MCP_URL"]
HEADERS = {"Authorization": f"Bearer {os.environ['TICKLER_TOKEN']}"}


class Connection:
    """What a session needs of a client."""

    def __init__(self, tools, call, prompt, resource):
        self.tools, self.call, self.prompt, self.resource = tools, call, prompt, resource


async def session(name: str, client: Connection) -> None:

    async def must(tool, arguments):
        answer = await client.call(tool, arguments)
        assert "error" not in answer, f"{tool}: {answer}"
        return answer

    assert len(client.tools) >= 24, client.tools
    await must("create_category", {"name": f"of {name}"})
    # As frameworks fill in what a model left out.
    added = await must("add_task", {
        "title": f"Water the plants of {name}", "description": None, "due_date": "2031-03-01T09:00", "priority": "",
        "category": f"of {name}", "tags": f'["{name}"]', "estimate_minutes": "15", "sessionId": "of the client",
    })
    task = added["task"]
    assert (task["due_date"], task["tags"], task["estimate_minutes"]) == ("2031-03-01T09:00:00+01:00", [name], 15), task
    assert "sessionId" in added["note"], added
    found = await must("search_tasks", {"query": "plant", "tags": [name]})
    assert [t["id"] for t in found["tasks"]] == [task["id"]]
    assert (await must("update_task", {"task_id": task["id"], "priority": "high", "due_date": None}))["changed"] == ["priority"]
    mistaken = await client.call("update_task", {"task_id": task["id"], "titel": "Water the trees"})
    meant = re.search(r'"(\w+)"', mistaken["error"]["hint"]).group(1)
    assert (await must("update_task", {"task_id": task["id"], meant: "Water the trees"}))["changed"] == ["title"]
    assert (await must("update_task", {"task_id": task["id"], "clear": ["due_date"]}))["changed"] == ["due_date"]
    await must("complete_task", {"task_id": task["id"]})
    done = await must("list_tasks", {"status": "completed", "tags": [name], "sort_by": "completed_at"})
    assert [t["id"] for t in done["tasks"]] == [task["id"]] and done["tasks"][0]["completed_at"]
    await must("delete_task", {"task_id": task["id"]})
    gone = await must("list_tasks", {"status": "deleted", "tags": [name]})
    await must("update_tasks", {"tasks": [{"task_id": t["id"], "action": "reopen"} for t in gone["tasks"]]})
    assert (await must("get_task", {"task_id": task["id"]}))["task"]["title"] == "Water the trees"
    assert "get_overview" in await client.prompt("plan_my_day")
    assert "overdue" in json.loads(await client.resource("tickler://overview"))
    print(f"a whole session with {name}")
